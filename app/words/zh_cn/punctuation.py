"""What stands between sentences, between the items of a list, and before a per cent sign."""

WORDS = {" ": "", ", ": "、", "; ": "；", ": ": "：", " %": "%", " ...": "……"}
