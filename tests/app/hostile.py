"""Text as a stranger may put it into files, and where it would be read as more than text."""

from __future__ import annotations

HOSTILE = (
    "![pix](http://127.0.0.1:9/pix.png)",
    "[a link](http://127.0.0.1:9/)",
    "[ref]: http://127.0.0.1:9/ 'x'",
    "<http://127.0.0.1:9/>",
    "http://127.0.0.1:9/bare www.example.org someone@example.org",
    ":red[danger] :blue-background[danger] :small[x] :red :help",
    ":material/home: :streamlit: :smile: :+1: :100: :-1:",
    "$x^2$ and $$y$$",
    "**bold** __bold__ *i* _i_ ~~gone~~ `code`",
    "<b>bold</b> <img src=http://127.0.0.1:9/x> <!-- c --> &amp; &#42; &lt;",
    "# heading",
    "> quotation",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "12) item",
    "---",
    "===",
    ":::note",
    "::leaf[x]",
    "[^1] footnote",
    "a | b | c",
    "a -> b <- c <-> d -- e >= f <= g ~= h",
    r"C:\photos\*new*\[1] \_ \\",
    "x_y golf_ball _private snake_case_ 2*3*4",
    "``` fence",
    "~~~ fence",
    "a\n\n# b\n- c",
    "=1+1",
    "%{x} {brace} 50 % & more; 5 < 6 > 4!",
)
"""Each is to be shown letter by letter."""
