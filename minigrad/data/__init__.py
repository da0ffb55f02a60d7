"""Data in batches, with PyTorch's names."""

from minigrad.data.dataset import Dataset, TensorDataset
from minigrad.data.loader import DataLoader

__all__ = ["DataLoader", "Dataset", "TensorDataset"]
