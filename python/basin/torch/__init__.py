"""What a PyTorch script can do with Basin beyond reporting numbers; needs torch 2.0 or newer.

``checkpoint`` / ``resume``            all that a training needs to go on exactly where it was
``embeddings``, ``probe_of``           how a model sees fixed samples, by forward hooks
``sharpness``                          flatness measures by name; ``LossSurface`` and friends for those who want the parts
``landscape_1d``, ``landscape_2d``, ``linear_path``   slices of the loss
``HypergradientSGD``, ``HypergradientAdam``           optimizers that adapt learning rate and momentum
"""

from ._checkpoints import checkpoint, resume, seed_everything
from ._curvature import Estimate, Spectrum, average_case, gradient_norm, hutchinson, lanczos, sam, top_eigenvalue
from ._embeddings import Embedding, Probe, embeddings, flags_of, index_hash, probe_of
from ._hypergradient import HypergradientAdam, HypergradientSGD
from ._keskar import keskar
from ._landscape import Landscape, Path, filter_normalised, landscape_1d, landscape_2d, linear_path
from ._lastlayer import LastLayer, estimate, estimate_over_batches, last_layer
from ._sharpness import ESTIMATORS, sharpness
from ._surface import LossSurface

__all__ = [
    "ESTIMATORS", "Embedding", "Estimate", "HypergradientAdam", "HypergradientSGD", "Landscape", "LastLayer", "LossSurface",
    "Path", "Probe", "Spectrum", "average_case", "checkpoint", "embeddings", "estimate", "estimate_over_batches",
    "filter_normalised", "flags_of", "gradient_norm", "hutchinson", "index_hash", "keskar", "lanczos", "landscape_1d",
    "landscape_2d", "last_layer", "linear_path", "probe_of", "resume", "sam", "seed_everything", "sharpness",
    "top_eigenvalue",
]
