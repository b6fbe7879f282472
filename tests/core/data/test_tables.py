"""Tables of pictures as people have them: what is taken for what; and a file that is none shows nothing of itself."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from core.data.columns import ONE_HOT
from core.data.pictures import open_collection, open_picture
from core.types import InvalidInput
from tests.core.small_scans import draw, fill


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with two pictures of cats and one of a dog."""
    fill(tmp_path / "img", 2, ("cat",))
    draw(tmp_path / "img" / "dog" / "1.png", 3)
    draw(tmp_path / "abc.jpg", 4)
    return tmp_path


def table(root: Path, text: str | bytes, name: str = "list.csv") -> Path:
    (root / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return root / name


def rows(place: Path, **options: object) -> list[tuple[str, str | None]]:
    """Paths and labels, each picture opened, and opened again by its path."""
    found = open_collection(place, **options)
    for index, path in enumerate(found.paths):
        assert found.read(index).sha256 == open_picture(found.origin, path).sha256
    return list(zip(found.paths, found.labels, strict=True))


PAIR = [("img/cat/00.png", "cat"), ("img/dog/1.png", "dog")]
CAT, DOG = (path for path, _ in PAIR)


@pytest.mark.parametrize(
    "text",
    [
        f"# made by hand\npath,label\n{CAT},cat\n{DOG},dog\n",
        f"# made by hand, in May\n\n#so was this\npath,label\n{CAT},cat\n{DOG},dog\n",
        f"#path,label\n{CAT},cat\n# the dogs\n{DOG},dog\n",
        f"# by hand; twice\n# path;label\n{CAT};cat\n{DOG};dog\n",
        f"# a\n{CAT},cat\n{DOG},dog\n# the end",
    ],
)
def test_comments_are_passed_over(root: Path, text: str) -> None:
    assert rows(table(root, text)) == PAIR


def test_names_that_begin_like_a_comment_are_none(root: Path) -> None:
    draw(root / "#1.png", 5)
    assert rows(table(root, f"path,label\n#1.png,cat\n{DOG},dog\n")) == [("#1.png", "cat"), PAIR[1]]
    assert [path for path, _ in rows(table(root, f"#1.png\n{DOG}\n"))] == ["#1.png", DOG]


TABLES = {
    "plain": f"path,label\n{CAT},cat\n{DOG},dog\n",
    "no heading": f"{CAT},cat\n{DOG},dog\n",
    "labels first": f"label,path\ncat,{CAT}\ndog,{DOG}\n",
    "labels first, no heading": f"cat,{CAT}\ndog,{DOG}\n",
    "backslashes": "path,label\nimg\\cat\\00.png,cat\nimg\\dog\\1.png,dog\n",
    "dots": f"path,label\n./{CAT},cat\n.\\img\\dog\\1.png,dog\n",
    "birds": f"class id,filepaths,labels,data set,scientific name\n0,{CAT},cat,train,FELIS\n1,{DOG},dog,train,CANIS\n",
    "image": f"image,labels\n{CAT},cat\n{DOG},dog\n",
    "coco": f"image_id,file_name,category_id,category_name\n7,{CAT},1,cat\n9,{DOG},2,dog\n",
    "only ids of categories": f"file_name,category_id\n{CAT},cat\n{DOG},dog\n",
    "image ids with paths": f"image_id,target\n{CAT},cat\n{DOG},dog\n",
    "headings in capitals": f"FILE NAME,Class-Name\n{CAT},cat\n{DOG},dog\n",
    "a pandas index": f",path,label\n0,{CAT},cat\n1,{DOG},dog\n",
    "an index out of order": f"Unnamed: 0,filename,class\n17,{CAT},cat\n3,{DOG},dog\n",
    "an index, no heading": f"0,{CAT},cat\n1,{DOG},dog\n",
    "row names of R": f'"path","label"\n"1","{CAT}","cat"\n"2","{DOG}","dog"\n',
    "sep": f"sep=;\npath;label\n{CAT};cat\n{DOG};dog\n",
    "quoted sep": f'"sep=;"\npath;label\n{CAT};cat\n{DOG};dog\n',
    "semicolons": f"path;label\n{CAT};cat\n{DOG};dog\n",
    "tabs": f"path\tlabel\n{CAT}\tcat\n{DOG}\tdog\n",
    "bars": f"path|label\n{CAT}|cat\n{DOG}|dog\n",
    "spaces before quotes": f'path, label\n{CAT}, "cat"\n"{DOG}" , "dog"\n',
    "a comma in a heading": f'"path, from here",label\n{CAT},cat\n{DOG},dog\n',
    "commas in a heading of semicolons": f"path, from, here;label\n{CAT};cat\n{DOG};dog\n",
    "a comma in a heading without quotes": f"path, from here,label\n{CAT},cat\n{DOG},dog\n",
    "other headings": f"pixels of,kind of object\n{CAT},cat\n{DOG},dog\n",
    "more columns": f"path,width,height,label,url\n{CAT},4,5,cat,http://a/b.png\n{DOG},4,5,dog,http://a/c.png\n",
    "an empty column": f"path,label,\n{CAT},cat,\n{DOG},dog,\n",
    "Windows' line ends": f"path,label\r\n{CAT},cat\r\n{DOG},dog\r\n",
    "an old Mac's line ends": f"path,label\r{CAT},cat\r{DOG},dog\r",
    "empty lines": f"\n\npath,label\n\n{CAT},cat\n,\n{DOG},dog\n\n",
    "one-hot": f"image,cat,dog,bird\n{CAT},1.0,0.0,0.0\n{DOG},0.0,1.0,0.0\n",
    "numbers beside names": f"path,label,class_name\n{CAT},0,cat\n{DOG},1,dog\n",
    "another machine": "path,label\n/kaggle/input/pets/img/cat/00.png,cat\n/kaggle/input/pets/img/dog/1.png,dog\n",
    "another Windows": "path,label\nC:\\Users\\me\\img\\cat\\00.png,cat\nC:\\Users\\me\\img\\dog\\1.png,dog\n",
    "from the folder within": "path,label\ncat/00.png,cat\ndog/1.png,dog\n",
    "without endings": "image_id,label\ncat/00,cat\ndog/1,dog\n",
    "without endings or heading": "cat/00,cat\ndog/1,dog\n",
}


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("way", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_tables_of_every_make_are_the_same(root: Path, kind: str, way: str) -> None:
    assert rows(table(root, TABLES[kind].encode(way))) == PAIR


def test_what_was_chosen_is_reported(root: Path) -> None:
    taken = open_collection(table(root, TABLES["birds"])).taken
    assert taken.columns == {"path": "filepaths", "label": "labels", "split": "data set"}
    assert taken.headings == ("class id", "filepaths", "labels", "data set", "scientific name")
    assert (taken.split, taken.splits, taken.note) == ("", (), "")
    taken = open_collection(table(root, TABLES["one-hot"])).taken
    assert taken.columns == {"path": "image", "label": ONE_HOT, "split": ""} and taken.headings[-1] == ONE_HOT
    taken = open_collection(table(root, TABLES["no heading"])).taken
    assert taken.columns == {"path": "column 1", "label": "column 2", "split": ""}
    taken = open_collection(table(root, "path\nimg/cat/00.png\n")).taken
    assert taken.columns == {"path": "path", "label": "", "split": ""}
    note = open_collection(table(root, TABLES["another machine"])).taken.note
    assert note == "The pictures were found without the first 3 parts of their paths."
    note = open_collection(table(root, TABLES["without endings"])).taken.note
    assert note == "The pictures were found in the folder img, with .png added to their names."
    assert open_collection(table(root, TABLES["plain"])).taken.note == ""


def test_another_column_can_be_chosen(root: Path) -> None:
    place = table(root, TABLES["birds"])
    chosen = {"label": "scientific name"}
    assert rows(place, columns=chosen) == [(CAT, "FELIS"), (DOG, "CANIS")]
    assert open_collection(place, columns=chosen).taken.columns["label"] == "scientific name"
    assert rows(place, columns={"label": None}) == rows(place, columns={"label": ""}) == [(CAT, None), (DOG, None)]
    both = table(root, f"a,b,label\n{CAT},{DOG},x\n{DOG},{CAT},y\n")
    assert rows(both) == [(CAT, "x"), (DOG, "y")] and rows(both, columns={"path": "b"}) == [(DOG, "x"), (CAT, "y")]
    twice = table(root, f"label,path,label\nx,{CAT},y\n")
    assert open_collection(twice).taken.headings == ("label column 1", "path", "label column 3")
    assert rows(twice, columns={"label": "label column 3"}) == [(CAT, "y")]
    for columns, words in (({"label": "kind"}, "list.csv has no column 'kind'. It has: class id, filepaths"),
                           ({"lable": "labels"}, "path, label and split, not 'lable'")):  # fmt: skip
        with pytest.raises(InvalidInput, match=words):
            open_collection(table(root, TABLES["birds"]), columns=columns)


def test_of_the_splits_of_a_table_one_is_taken(root: Path) -> None:
    more = draw(root / "img" / "dog" / "2.png", 5).relative_to(root).as_posix()
    place = table(root, f"path,label,split\n{CAT},cat,train\n{DOG},dog,Valid\n{more},dog,test\n")
    taken = open_collection(place).taken
    assert rows(place) == [(DOG, "dog")] and (taken.split, taken.splits) == ("Valid", ("Valid", "test", "train"))
    assert rows(place, split="test") == [(more, "dog")] and rows(place, split="training") == [(CAT, "cat")]
    assert len(rows(place, split="all")) == 3 and open_collection(place, split="all").taken.split == "all"
    assert len(rows(place, columns={"split": None})) == 3
    with pytest.raises(InvalidInput, match=r"no split 'fourth'. Choose one of: Valid, test, train, all\.$"):
        open_collection(place, split="fourth")
    with pytest.raises(
        InvalidInput, match=r"no split 'val', because the table has no column of splits\. Leave out the split\.$"
    ):
        open_collection(table(root, TABLES["plain"]), split="val")


def test_letters_beyond_ascii_are_read_in_every_code(root: Path) -> None:
    draw(root / "img" / "Käfer" / "über.png", 6)
    text = "path,label\nimg/Käfer/über.png,Käfer\n"
    for way in ("utf-8", "utf-16", "cp1252"):
        assert rows(table(root, text.encode(way))) == [("img/Käfer/über.png", "Käfer")]
    apart = text.replace("ä", "a\u0308").replace("ü", "u\u0308")  # as macOS writes names
    assert rows(table(root, apart)) == [("img/Käfer/über.png", "Ka\u0308fer")]


def test_rows_that_could_be_one_picture_are_not_guessed_of(root: Path) -> None:
    draw(root / "1.png", 1)
    found = open_collection(table(root, "path,label\na/1.png,a\nb/1.png,b\n"))
    assert list(found.paths) == ["a/1.png", "b/1.png"] and found.taken.note == ""
    with pytest.raises(InvalidInput, match="There is no file"):
        found.read(0)


SECRET = "root:x:0:0:root:/root:/bin/bash\nkey = hunter2\nsecret,hunter2,/bin/sh\n"


NO_TABLES = (SECRET, "hunter2\n", "/bin/sh\n/bin/ls\n", "hunter2,a\nhunter3,b\n", '{"hunter2": 1}', "", "\n\n",
             "path,label\n", f"path\n{SECRET}", f"{SECRET * 9}{CAT},x\n")  # fmt: skip


@pytest.mark.parametrize("text", NO_TABLES)
def test_a_file_that_is_no_table_of_pictures_shows_nothing_of_itself(root: Path, text: str) -> None:
    place = root / "link.csv"
    (root / "secrets").write_text(text)
    os.symlink(root / "secrets", place)
    for columns in (None, {"path": "path"}, {"path": "hunter2"}):
        with pytest.raises(InvalidInput, match=r"^link.csv [^\n]+\.$") as told:
            open_collection(place, columns=columns)
        assert not any(word in str(told.value).replace("'hunter2'", "") for word in ("hunter", "root", "/bin"))


def test_a_line_that_names_no_picture_is_reported_by_its_number(root: Path) -> None:
    found = open_collection(table(root, f"path,label\n{CAT},cat\nhunter2,hunter3\n{DOG},dog\n"))
    assert list(found.paths) == [CAT, "line 3", DOG] and list(found.labels) == ["cat", None, "dog"]
    with pytest.raises(InvalidInput, match=r"^Line 3 of list.csv contains no path of a picture. Add the path\.$"):
        found.read(1)
    assert "hunter" not in json.dumps([list(found.paths), found.names])


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"PK\3\4" + bytes(50), "is a spreadsheet, not a CSV"), (bytes(range(256)) * 9, "it is not text"),
     (b"\xff\xfe\0", "it is not text"), (b'path,label\n"a.png,b\n' + b"x" * 200_000, "that is not closed")],
)  # fmt: skip
def test_what_is_no_table_at_all_is_reported(root: Path, data: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=r"^[^\n]+\.$") as told:
        open_collection(table(root, data))
    assert words in str(told.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_only_regular_files_are_opened(root: Path) -> None:
    os.mkfifo(root / "pipe.csv")
    os.mkfifo(root / "pipe.png")
    os.mkfifo(root / "nameless")
    os.symlink("/dev/zero", root / "zero.png")
    with pytest.raises(InvalidInput, match="There is no folder, zip or CSV"):
        open_collection(root / "pipe.csv")
    found = open_collection(table(root, f"{CAT},a\npipe.png,a\nzero.png,a\nnameless,a\n"))
    for index in (1, 2):
        with pytest.raises(InvalidInput, match=r"^(pipe|zero).png is not a regular file. "):
            found.read(index)
    assert found.paths[3] == "line 4" and found.read(0).pixels.any()
