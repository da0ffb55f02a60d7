"""The numbers that the assignment's notebook printed, for orientation.

It was run on real eyes of MPIIFaceGaze, 45,000 pairs to train, 9,000 to validate and 9,000 to test, all of the same
people. Accuracies are in per cent.
"""

from __future__ import annotations

DATA = "real eyes of MPIIFaceGaze, 45,000 pairs to train, 9,000 to validate, 9,000 to test, of the same people"
BATCHES = 176  # an epoch, of 256 pairs

# task: what was checked: the relative error
CHECKS: dict[str, dict[str, float]] = {
    "1.1": {"fc_forward": 2.663519958184904e-08},
    "1.2": {"dx": 1.057662444541783e-09, "dw": 1.2381371616015458e-10, "db": 4.3199822443612255e-11},
    "1.3": {"relu_forward": 4.999999798022158e-08},
    "1.4": {"dx": 3.275624595460045e-12},
    "1.5": {"dx": 7.289867215410699e-09},
    "1.6": {
        "W1, reg 0": 1.52e-08, "W2, reg 0": 3.25e-10, "b1, reg 0": 8.37e-09, "b2, reg 0": 8.99e-11,
        "W1, reg 0.7": 2.53e-07, "W2, reg 0.7": 2.85e-08, "b1, reg 0.7": 1.56e-08, "b2, reg 0.7": 1.97e-09,
    },
    "1.8": {
        "W1, reg 0": 1.72e-07, "W2, reg 0": 1.26e-06, "W3, reg 0": 8.12e-08,
        "b1, reg 0": 1.93e-08, "b2, reg 0": 5.02e-09, "b3, reg 0": 8.07e-11,
        "W1, reg 3.14": 9.47e-09, "W2, reg 3.14": 6.13e-08, "W3, reg 3.14": 1.33e-07,
        "b1, reg 3.14": 9.86e-08, "b2, reg 3.14": 1.47e-09, "b3, reg 3.14": 2.38e-10,
    },
    "1.9": {"next_w": 8.882347033505819e-09, "velocity": 4.269287743278663e-09},
}  # fmt: skip

# a network: accuracy on the training and on the validation part after each epoch
TRAIN: dict[str, list[float]] = {
    "two-layer": [34.731111, 41.895556, 47.360000, 50.655556, 52.666667, 53.957778, 54.820000, 55.457778, 55.822222,
                  56.197778],
    "sgd": [25.088889, 26.608889, 30.446667, 35.093333, 38.582222],
    "sgd_momentum": [40.986667, 51.337778, 56.733333, 60.213333, 62.144444],
    "fc": [43.375556, 49.880000, 55.873333, 58.853333, 59.853333, 60.462222, 61.353333, 62.442222, 62.735556,
           62.093333, 61.788889, 61.726667, 62.000000, 62.464444, 63.004444, 63.513333, 63.817778, 64.171111, 64.435556,
           64.695556],
}  # fmt: skip
VAL: dict[str, list[float]] = {
    "two-layer": [31.200000, 38.533333, 45.488889, 49.511111, 51.522222, 52.800000, 53.711111, 54.311111, 54.633333,
                  54.777778],
    "sgd": [23.844444, 24.133333, 26.011111, 29.666667, 33.377778],
    "sgd_momentum": [39.966667, 50.500000, 53.488889, 57.311111, 59.166667],
    "fc": [38.422222, 45.000000, 53.544444, 54.811111, 55.700000, 56.511111, 57.377778, 58.777778, 58.422222,
           57.566667, 57.266667, 57.344444, 57.944444, 58.922222, 60.100000, 61.033333, 61.866667, 62.588889, 63.111111,
           63.733333],
}  # fmt: skip
TEST = {"fc": 67.277778, "cnn": 61.044444, "cnn-bn": 76.0}
PARAMETERS = {"fc": 452_400, "cnn": 667_052, "cnn-bn": 667_052}  # by its formulas, which leave some out

# the loss of an epoch's last batch
LAST_LOSS = {
    "cnn": [0.819, 0.646, 0.635, 0.580, 0.560, 0.526, 0.508, 0.482, 0.466, 0.458],
    "cnn-bn": [0.596, 0.558, 0.500, 0.451, 0.424, 0.405, 0.392, 0.386, 0.365, 0.333],
}
