"""Training: one recipe for every mechanism, so that only the attention differs.

By default: AdamW and Muon on a one-cycle schedule (Smith and Topin, 2018), with label smoothing (Szegedy et
al., 2016), random resized crops, flips, color and erasing (Zhong et al., 2017); small pictures first, full size at the
end (Howard, 2018); the weights that are kept are an exponential average. ``Recipe`` states what may be chosen, and
torchrun adds processes. The table of contents: ``recipe``, ``draw_card`` and ``train_model``.
"""

from __future__ import annotations

from core.training.recipe import RECIPES, Recipe, recipe, usual_start
from core.training.run import draw_card, train_model

__all__ = ["RECIPES", "Recipe", "draw_card", "recipe", "train_model", "usual_start"]
