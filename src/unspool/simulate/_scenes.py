"""Scenes, and the words for them: what a user has in mind, what of it a prompt states, and how that reads."""

import tomllib
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files
from typing import TypedDict

import numpy as np

Slots = tuple[tuple[str, str], ...]


class Channel(TypedDict):
    """Words around the prompts: chat, and the parts of names."""

    chatter: list[str]
    mentions_in_prompts: list[str]
    words_of_names: list[str]
    first_names: list[str]
    name_forms: list[str]


class Vocabulary(TypedDict):
    """The words of simulated prompts, see vocabulary.toml."""

    topics: dict[str, list[str]]
    words: dict[str, list[str]]
    synonyms: dict[str, str]
    languages: dict[str, dict[str, list[str]]]
    channel: Channel
    unclear: list[str]


@cache
def vocabulary() -> Vocabulary:
    """Read the word lists, once."""
    text = files("unspool.simulate").joinpath("vocabulary.toml").read_text(encoding="utf-8")
    words: Vocabulary = tomllib.loads(text)  # type: ignore[assignment]
    return words


def pick(rng: np.random.Generator, items: list[str]) -> str:
    """One of the items, each as likely."""
    return items[int(rng.integers(len(items)))]


@dataclass(frozen=True)
class Scene:
    """A scene as intended: a topic, an entity, and details in slots (attribute1.., action, relation, setting)."""

    topic: str
    entity: str
    details: Slots
    language: str = "en"


def draw_scene(rng: np.random.Generator, persistence: float, last: Scene | None) -> Scene:
    """Draw a scene; its topic is the last one's with probability `persistence`, its entity never is."""
    topics, words = vocabulary()["topics"], vocabulary()["words"]
    topic = last.topic if last and last.topic in topics and rng.random() < persistence else pick(rng, list(topics))
    entity = pick(rng, [entity for entity in topics[topic] if last is None or entity != last.entity])
    attributes = rng.choice(words["attributes"], size=int(rng.integers(1, 4)), replace=False)
    details = [(f"attribute{number}", str(word)) for number, word in enumerate(attributes, 1)]
    for slot, kind, rate in (("action", "actions", 0.7), ("relation", "relations", 0.6), ("setting", "settings", 0.8)):
        if rng.random() < rate:
            details.append((slot, pick(rng, words[kind])))
    return Scene(topic, entity, tuple(details))


def draw_entity(rng: np.random.Generator, scene: Scene) -> Scene:
    """The same scene about another entity of its topic."""
    others = [entity for entity in vocabulary()["topics"][scene.topic] if entity != scene.entity]
    return replace(scene, entity=pick(rng, others))


def draw_foreign_scene(rng: np.random.Generator, language: str, last: Scene | None) -> Scene:
    """Draw a scene told in one piece in another language: it has no slots, and is not the last one."""
    openings = vocabulary()["languages"][language]["openings"]
    return Scene(language, pick(rng, [words for words in openings if not last or words != last.entity]), (), language)


def words_for(slot: str) -> list[str]:
    """All words that can fill a slot."""
    return vocabulary()["words"][f"{slot.rstrip('0123456789')}s"]


_SAID_WITH_A = ("one-", "unicorn")
TRAPS = ("link", "weight", "mode", "dash", "mention", "prose", "stars")


@dataclass(frozen=True)
class Draft:
    """A prompt as composed: the scene, the details stated, the style, the wording, the parameters.

    `order` is one of three word orders. `swapped`: words said by their synonyms. `trap`: what misleads parsers in it,
    with `trap_word` for its link or name. `more`: other things to be seen, listed before the style.
    """

    scene: Scene
    stated: tuple[str, ...] = ()
    style: tuple[str, ...] = ()
    medium: str = ""
    order: int = 0
    swapped: frozenset[str] = frozenset()
    trap: str = ""
    trap_word: str = ""
    params: Slots = ()
    more: tuple[str, ...] = ()

    def details(self) -> dict[str, str]:
        """The details stated, by slot, as worded."""
        return {slot: self._say(word) for slot, word in self.scene.details if slot in self.stated}

    def missing(self) -> list[str]:
        """Slots of the scene that the prompt does not state yet."""
        return [slot for slot, _ in self.scene.details if slot not in self.stated]

    def share_stated(self) -> float:
        """Share of the intended details that the prompt states; 1 for a scene without any."""
        return len(self.stated) / len(self.scene.details) if self.scene.details else 1.0

    def text(self) -> str:
        """The prompt as written, without parameters, image links and pasted asterisks."""
        return self._written

    @cached_property
    def _written(self) -> str:
        text = ", ".join([self._sentence(), *self.more, *(self._say(phrase) for phrase in self.style)])
        tail = {"mode": " (fast)", "dash": " - no creatures", "prose": ", drawn slowly--almost like a memory"}
        return text + (f" by @{self.trap_word}" if self.trap == "mention" else tail.get(self.trap, ""))

    def params_text(self) -> str:
        """The parameters as the bot echoes them, "" if none."""
        return " ".join(f"--{name} {value}".rstrip() for name, value in self.params)

    def echo(self) -> str:
        """The part between the asterisks of the bot's line."""
        start = {"link": f"<https://s.mj.run/{self.trap_word}> ", "stars": "**"}.get(self.trap, "")
        return f"{start}{self.text()} {self.params_text()}".strip()

    def _say(self, word: str) -> str:
        return vocabulary()["synonyms"][word] if word in self.swapped else word

    def _sentence(self) -> str:
        if self.scene.language != "en":
            return self.scene.entity
        said = self.details()
        adjectives = [word for slot, word in said.items() if slot.startswith("attribute")]
        subject = " ".join([*adjectives, self.scene.entity]) + ("::2" if self.trap == "weight" else "")
        rest = [said[slot] for slot in ("relation", "action", "setting") if slot in said]
        article = "an" if subject[0] in "aeiou" and not subject.startswith(_SAID_WITH_A) else "a"
        if self.order == 1:
            return ", ".join([f"{self.medium} {subject}".strip(), *rest])
        if self.order == 2:
            return f"{' '.join(reversed(rest))}, {article} {subject}{_tail(self.medium)}".removeprefix(", ")
        return " ".join(part for part in (self.medium, article, subject, *rest) if part)


def _tail(medium: str) -> str:
    return f", {medium.removeprefix('a ').removesuffix(' of')}" if medium else ""
