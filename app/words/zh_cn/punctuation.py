"""The separators between sentences, between list items, and before a percent sign."""

WORDS = {" ": "", ", ": "、", "; ": "；", ": ": "：", " %": "%", " ...": "……"}
