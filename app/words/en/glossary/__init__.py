"""The glossary: each technical term of the app with one sentence, for tooltips and for the list in the side bar."""

from app.words.en.glossary import data, maps, models

TERMS = {**models.TERMS, **maps.TERMS, **data.TERMS}
"""The term and its sentence, by slug."""

WORDS = {
    "glossary.title": "Glossary",
    "glossary.search": "Search",
    "glossary.none": "No entry matches.",
    "glossary.entry": "**{term}**: {means}",
    **{f"term.{slug}": term for slug, (term, _) in TERMS.items()},
    **{f"term.{slug}.means": means for slug, (_, means) in TERMS.items()},
}
