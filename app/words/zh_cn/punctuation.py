"""What stands between sentences, between the items of a list, and before a percent sign."""

WORDS = {" ": "", ", ": "、", "; ": "；", ": ": "：", " %": "%", " ...": "……"}
