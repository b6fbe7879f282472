"""Sentences of ``core`` on lessons."""

WORDS = {
    "The point must lie on the picture. Click the picture again.": "点必须落在图片上。请再次点击图片。",
    "{count} problems. Correct them, or measure the claims again with --measure.": "有 {count} 个问题。请改正，或用 --measure 重新测量各项结论。",
    "The claim {claim} of the lesson {lesson} cannot be measured. {reason}": "无法测量课程 {lesson} 的结论 {claim}。{reason}",
    "There is no model '{value}' here. Possible are: {names}.": "这里没有模型“{value}”。可以是：{names}。",
    "There is no '{value}'. Possible are: {names}.": "没有“{value}”。可以是：{names}。",
    "'{value}' must be a whole number from {low} to {high}.": "“{value}”必须是 {low} 至 {high} 的整数。",
    "There is no way '{way}' to change attention. Possible are: {ways}.": "没有改变注意力的方式“{way}”。可以是：{ways}。",
    "The attention of {model} has no place on the picture.": "“{model}”的注意力在图片上没有位置。",
    "The lesson {name} has a mistake. {problem}": "课程 {name} 有错误。{problem}",
    "This is a link out of the lesson's folder. Put the file itself there.": "这是指向课程文件夹之外的链接。请把文件本身放进来。",
    "The file is missing. Add it.": "文件缺失。请补上。",
    "The file is larger than {most} KB. Make it smaller.": "文件超过 {most} KB。请缩小。",
    "The file is not text in UTF-8. Save it as UTF-8.": "文件不是 UTF-8 文本。请另存为 UTF-8。",
    "The file cannot be read. Check its permissions.": "无法读取文件。请检查权限。",
    "The claim '{claim}' is used nowhere. Use it or remove it.": "结论“{claim}”没有被用到。请使用或移除它。",
}
