"""Sentences of ``core`` about recorded views."""

WORDS = {
    "All {count} numbers are the same as recorded, to the last bit.": "全部 {count} 个数值都与记录相同，一位不差。",
    "All {count} numbers are the same as recorded, within {tolerance}; the largest difference is {most:.1e}.": "全部 {count} 个数值都与记录相同，误差不超过 {tolerance}；最大的差异是 {most:.1e}。",
    "{different} of {count} numbers differ from the recorded ones: {names}.": "{count} 个数值中有 {different} 个与记录不同：{names}。",
    "{model} has other classes than the recorded model. Choose the model that the view was recorded with.": "{model} 的类别与记录时的模型不同。请选择记录时所用的模型。",
    "The weights of {model} have changed.": "{model} 的权重已经改变。",
    "{name}: recorded with {then}, now {now}.": "{name}：记录时为 {then}，现在为 {now}。",
    "not stated": "未说明",
    "The file": "该文件",
    "{name} is larger than {most} MB.": "{name} 超过 {most} MB。",
    "{name} is not a view that Fovea recorded. Open a report of a view, or its JSON.": "{name} 不是 Fovea 记录的画面。请打开某个画面的报告，或它的 JSON 文件。",
    "{name} was recorded by a later version of Fovea. Update Fovea to open it.": "{name} 由版本更高的 Fovea 记录。请更新 Fovea 后再打开。",
    "In {name} the entry '{entry}' is missing or not valid. Record the view again.": "{name} 中的条目“{entry}”缺失或无效。请重新记录这个画面。",
    "The model has no attention map '{tap}'. It has: {taps}.": "模型没有注意力图“{tap}”。它有：{taps}。",
    "Name a picture to explain, or a recorded view with --replay.": "请给出要解释的图片，或用 --replay 给出已记录的画面。",
}
