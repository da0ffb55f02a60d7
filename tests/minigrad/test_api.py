"""Every name that a user of PyTorch types first is here. What each one does, other tests say; whether it is, this one.

Convolution, pooling and normalisation layers come with their ops.
"""

import operator

import pytest

import minigrad as mg
import minigrad.nn.functional as F

MAKE = """
tensor as_tensor from_numpy zeros ones full eye arange linspace rand randn randint randperm
zeros_like ones_like full_like rand_like randn_like randint_like manual_seed
float16 float32 float64 int32 int64 uint8 bool half float double int long device
"""
FUNCTIONS = """
add sub mul div pow neg abs sign exp expm1 log log1p sqrt rsqrt square reciprocal sin cos tanh sigmoid erf
maximum minimum where clamp
sum mean var std prod max min amax amin argmax argmin logsumexp cumsum norm
matmul mm bmm mv dot outer einsum
reshape view flatten squeeze unsqueeze transpose permute expand broadcast_to cat stack split chunk flip gather
index_select
"""
NOT_METHODS = "einsum cat stack"  # as in PyTorch, where the tensors come in a list or after a text
ONLY_METHODS = "view expand"
METHODS = """
backward detach item numpy tolist clone size numel to cpu cuda float double long retain_grad register_hook
add_ sub_ mul_ div_ zero_ fill_ copy_ clamp_ requires_grad_
__len__ __bool__ __array__ __dlpack__ __dlpack_device__
"""
ATTRIBUTES = "data grad requires_grad is_leaf shape ndim dtype device T"
ROOMS = {
    "": "no_grad enable_grad inference_mode set_grad_enabled is_grad_enabled Tensor dtype save load",
    "cuda": """
        is_available device_count current_device set_device get_device_name get_device_capability get_device_properties
        synchronize Event
        memory_allocated memory_reserved empty_cache mem_get_info manual_seed manual_seed_all
    """,
    "autograd": "grad gradcheck detect_anomaly Function",
    "nn": """
        Module Parameter Sequential ModuleList ModuleDict Identity Flatten Linear Dropout Dropout2d Embedding
        ReLU LeakyReLU ELU GELU SiLU Sigmoid Tanh Softplus Softmax LogSoftmax
        CrossEntropyLoss NLLLoss MSELoss L1Loss SmoothL1Loss BCEWithLogitsLoss
    """,
    "nn.functional": """
        linear dropout dropout2d embedding relu leaky_relu elu gelu silu sigmoid tanh softplus softmax log_softmax
        cross_entropy nll_loss mse_loss l1_loss smooth_l1_loss binary_cross_entropy_with_logits pad normalize one_hot
    """,
    "nn.init": """
        uniform_ normal_ constant_ zeros_ ones_ xavier_uniform_ xavier_normal_ kaiming_uniform_ kaiming_normal_
        trunc_normal_ orthogonal_ eye_ sparse_ calculate_gain
    """,
    "nn.utils": "clip_grad_norm_",
    "optim": "Optimizer SGD Adam AdamW RMSprop Adagrad Adadelta lr_scheduler",
    "optim.lr_scheduler": """
        StepLR MultiStepLR ExponentialLR LinearLR CosineAnnealingLR LambdaLR OneCycleLR ReduceLROnPlateau SequentialLR
    """,
    "nn.parallel": "DistributedDataParallel",
    "utils.data": "Dataset TensorDataset Subset random_split DataLoader DistributedSampler",
    "distributed": """
        is_available init_process_group is_initialized destroy_process_group get_rank get_world_size ReduceOp
        all_reduce broadcast barrier all_gather all_gather_into_tensor gather scatter reduce
        broadcast_object_list all_gather_object gather_object
    """,
}
OURS = "differentiable Tape"


def names(*rows):
    return [name for row in rows for name in row.split()]


def missing(place, wanted):
    return [name for name in wanted if not callable(getattr(place, name, None))]


@pytest.fixture(params=["minigrad", "torch"])
def lib(request):
    """Both, so that the rows hold no name that PyTorch does not have."""
    return pytest.importorskip(request.param)


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_its_names(lib, room):
    place = operator.attrgetter(room)(lib) if room else lib
    assert [name for name in names(ROOMS[room]) if not hasattr(place, name)] == []


def test_everything_that_makes_a_tensor_is_here(lib):
    assert [name for name in names(MAKE) if not hasattr(lib, name)] == []


def test_every_function_is_a_function_and_a_method(lib):
    assert missing(lib, [name for name in names(FUNCTIONS) if name not in names(ONLY_METHODS)]) == []
    assert missing(lib.Tensor, [name for name in names(FUNCTIONS) if name not in names(NOT_METHODS)]) == []
    assert missing(lib.Tensor, names(METHODS)) == []


def test_every_attribute_is_a_tensors(lib):
    x = lib.ones(2, 2, requires_grad=True)
    assert [name for name in names(ATTRIBUTES) if not hasattr(x, name)] == []


def test_our_own_names_are_here():
    assert missing(mg, names(OURS)) == []
    assert mg.ones(2).array.shape == (2,)
    assert {name: getattr(mg.data, name) for name in mg.data.__all__}.items() <= vars(mg.utils.data).items()


def test_functional_is_what_people_import_as_f():
    assert mg.nn.functional is F
