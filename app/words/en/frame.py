"""The frame: the app itself, its models, pictures and devices."""

WORDS = {
    "app.name": "Fovea",
    "app.sentence": "Where a classifier looks, beside what its gradients say.",
    "app.waking": "Fovea is waking up ...",
    "app.failed": "Something went wrong on this page. Your choices are kept: change one, or reload the page; "
    "the server's console says what happened.",
    "page.explore": "Explore",
    "page.unknown": "There is no page {page}; this is Explore.",
    "page.models": "Models",
    # models
    "model.label": "Model",
    "model.family": "Kind of pictures",
    "model.what": "{summary}: {equation}",
    "model.limits": "About this model",
    "model.measured": "{accuracy} right on {pictures} pictures it never saw.",
    "model.needs": "With its attention made uniform: {left}.",
    "model.hardly": "It hardly needs its attention: made uniform, {left} are still right. Read its maps with care.",
    "model.torchvision/swin_t": "each patch looks at its neighbors in a window, which shifts from block to block",
    "model.torchvision/maxvit_t": "channel gates; each patch looks at its neighbors in a window, then at a grid over the whole "
    "picture",
    "mechanism.none": "None",
    "mechanism.none.summary": "No attention of its own: what it looks at is told by its gradients",
    "mechanism.unknown": "A kind of attention that Fovea has no words for",
    "model.none": "No models are on the shelf: pretrained/ holds no card with weights beside it.",
    "model.unknown": "The address names a model that is not here ({model}); another one is shown instead.",
    "family.scenes": "Drawn scenes",
    "family.imagenette": "Photographs",
    "family.scenes-tag": "Scenes with a tag that tells",
    "family.scenes-place": "Scenes whose place tells",
    "family.shortcut": "Learned the wrong thing",
    "family.torchvision": "ImageNet",
    "family.own": "Your own",
    "shortcut.tag": "tag",
    "shortcut.background": "place",
    "shortcut.tag.why": "It was trained where a tag in a corner gives the class away: on an ordinary picture it fails, and its "
    "maps show why.",
    "shortcut.background.why": "It was trained where the place gives the class away, boats always at sea: elsewhere it fails, and its "
    "maps show why.",
    "shortcut.tag.independent": "Measured where the tag tells the truth. Where it is drawn independently of the thing, **{accuracy}** "
    "of the answers name the thing.",
    "shortcut.background.independent": "Measured where each thing is in its own place. Where the place is drawn independently of the thing, "
    "**{accuracy}** of the answers name the thing.",
    "model.gone": "The model {model} is no longer here: bring it again to see it.",
    "device.label": "Device",
    "device.is": "Runs on {device}",
    # weights that are fetched
    "weights.loading": "Loading the model ...",
    "weights.missing": "The weights of **{model}** are not on this machine yet: {size} MB, fetched once from torchvision's server.",
    "weights.fetch": "Fetch {size} MB",
    "weights.back": "Back to {model}",
    "weights.fetching": "Asking for the weights ...",
    "weights.progress": "{done} of {total} MB",
    # the address
    "address.unknown": "The address asks for something that is not here ({name}={value}); the first choice is shown instead.",
    # pictures
    "picture.label": "Picture",
    "picture.strip": "Pictures to choose from",
    "picture.remove": "Remove",
    "picture.add": "Add pictures",
    "picture.private": "Drop, browse or paste JPEG, PNG or WebP, up to {limit} MB each. Pictures stay on this machine and are not written to disk.",
    "upload.refused": "{name} was not kept: there is too much in upload already (at most {files} files and 1 GB for each visitor). "
    "Wait until what you uploaded before is opened, or reload the page, and bring it again.",
    "picture.camera": "Use the camera",
    "picture.gone": "That picture was brought by a visitor and cannot travel in an address; bring it again to see it.",
    "picture.part": "The picture goes on: only what lies round the model's square is drawn.",
    "picture.full": "The strip holds {count} pictures of your own; remove one first.",
    "picture.fetch": "Fetch photographs to try",
    "picture.fetching": "Fetching photographs ...",
    "picture.fetch.help": "Ten classes of photographs, the ones these models know. Their terms allow non-commercial research "
    "and education only.",
    "framing.unknown": "The address names a framing that is not known ({framing}); the center of the picture is shown instead.",
    "framing.label": "How the picture meets the model's square",
    "framing.center": "Center crop",
    "framing.measured": "As the model was measured: the short side resized to {resize} pixels, the central {size} cut out.",
    "framing.fit": "Fit",
    "framing.box": "Own box",
    "framing.across": "From left to right",
    "framing.down": "From top to bottom",
    "framing.side": "Side",
}
