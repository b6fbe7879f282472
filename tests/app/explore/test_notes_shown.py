"""Why a model lacks a map or Grad-CAM is said where the methods that do not fit are listed."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page() -> None:
    import torch
    from torch import nn

    import core
    from app.views.explore import methods

    class Flips(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.my_net = nn.Sequential(
                nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3)
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.my_net(x) + self.my_net(x.flip(3))

    card = core.ModelCard("made/flips", "", "plain", ("a", "b", "c"), size=64)
    methods.unfit(core.adopt(Flips(), card, "cpu"))


def test_why_there_is_no_grad_cam_is_stated() -> None:
    shown = AppTest.from_function(page, default_timeout=120).run()
    assert not shown.exception
    assert any("No Grad-CAM of my_net: it runs more than once" in one.value for one in shown.caption)
