"""Other libraries' models by name: torchvision, timm, open_clip, and what they state about themselves."""
