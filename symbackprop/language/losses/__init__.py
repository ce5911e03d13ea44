"""Losses and regularisers: functions from tensors to tensors that write equations. `__all__` lists them."""

from symbackprop.language.losses.classification import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    focal_loss,
    kl_divergence,
    multilabel_cross_entropy,
    nll_loss,
)
from symbackprop.language.losses.embedding import (
    contrastive_loss,
    cosine_loss,
    cosine_similarity,
    info_nce_loss,
    skip_gram_loss,
    triplet_loss,
)
from symbackprop.language.losses.likelihood import gaussian_nll_loss, poisson_nll_loss
from symbackprop.language.losses.margin import hinge_loss, multiclass_hinge_loss, squared_hinge_loss
from symbackprop.language.losses.regression import (
    huber_loss,
    log_cosh_loss,
    mae_loss,
    mse_loss,
    quantile_loss,
    smooth_l1_loss,
    squared_error,
)
from symbackprop.language.losses.regularisers import elastic_net_penalty, l1_penalty, l2_penalty
from symbackprop.language.losses.variational import gaussian_kl_divergence, reparametrise, vae_loss

__all__ = [
    "squared_error", "mse_loss", "mae_loss", "huber_loss", "smooth_l1_loss", "log_cosh_loss", "quantile_loss",
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "multilabel_cross_entropy", "focal_loss",
    "cross_entropy", "nll_loss", "kl_divergence",
    "hinge_loss", "squared_hinge_loss", "multiclass_hinge_loss",
    "poisson_nll_loss", "gaussian_nll_loss",
    "cosine_similarity", "cosine_loss", "contrastive_loss", "triplet_loss", "info_nce_loss", "skip_gram_loss",
    "reparametrise", "gaussian_kl_divergence", "vae_loss",
    "l1_penalty", "l2_penalty", "elastic_net_penalty",
]  # fmt: skip
