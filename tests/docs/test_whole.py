"""Links lead to pages and headings that are there; lists of what there is leave nothing out."""

import re
from pathlib import Path

from graphql import GraphQLInputObjectType

from hub.schema import graphql_schema
from tests.docs.pages import PAGES, ROOT

LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


def headings(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def test_every_link_leads_somewhere() -> None:
    links = [(page, *found) for page in PAGES for found in LINK.findall(page.read_text())]
    assert len(links) >= 80
    wrong = []
    for page, file, heading in links:
        target = page.parent / file if file else page
        if not target.exists() or (heading and heading not in headings(target)):
            wrong.append(f"{page.relative_to(ROOT)}: {file}#{heading}")
    assert wrong == []


def test_every_page_is_found_from_the_readme() -> None:
    reached, ahead = set[Path](), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page not in reached:
            reached.add(page)
            ahead += [
                target
                for file, _ in LINK.findall(page.read_text())
                if file.endswith(".md") and (target := (page.parent / file).resolve()).exists()
            ]
    decisions = ROOT / "docs" / "decisions"  # the README leads to their folder
    assert sorted(page.name for page in set(PAGES) - reached if page.parent != decisions) == []


def test_the_backlog_lists_the_filters() -> None:
    told = (ROOT / "docs" / "exceptions" / "backlog.md").read_text().partition("| filter | finds |")[2]
    listed = set(re.findall(r"`(\w+)", told.partition("\n\n")[0]))
    filters = graphql_schema().type_map["PolicyExceptionFilter"]
    assert isinstance(filters, GraphQLInputObjectType)
    assert listed == filters.fields.keys() - {"any", "not"}


def test_the_house_has_every_folder_and_module() -> None:
    words = set(re.findall(r"\w+", (ROOT / "docs" / "house.md").read_text()))
    inside = {path.stem for path in (ROOT / "hub").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert len(inside) >= 35
    assert sorted(inside - words - {"__init__"}) == []


def test_the_readme_lists_what_may_be_asked_for() -> None:
    query = graphql_schema().query_type
    assert query is not None
    told = (ROOT / "README.md").read_text().partition("| in the graph |")[2].partition("\n\n")[0]
    listed = {name for line in told.splitlines() for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    of_one = {"node", "model", "person", "policy", "registry", "calendar", "exceptionTemplate"}
    assert of_one | listed >= query.fields.keys()
