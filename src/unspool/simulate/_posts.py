"""What a channel shows of a user: the grids of the prompts, the buttons pressed under them, and the chat around."""

import re
from collections.abc import Sequence

from unspool.simulate._discord import RATED, Post
from unspool.simulate._parameters import Parameters
from unspool.simulate._people import POSTING, Person, Turn, generator
from unspool.simulate._scenes import Draft, draw_scene, pick, vocabulary

_OLD_UPSCALES = ["Upscaled", "Upscaled (Beta)", "Upscaled (Light)", "Upscaled (Max)"]
_NEW_UPSCALES = ["Upscaled (Subtle)", "Upscaled (Creative)", "Upscaled (2x)", "Upscaled (4x)", "Upscaled"]
_VARIATIONS = ["Variations", "Variations (Strong)", "Variations (Subtle)"]
_REMIXES = ["Remix", "Remix (Strong)", "Remix (Subtle)"]
_PANS = ["Pan Left", "Pan Right", "Pan Up", "Pan Down"]
_MARKS = ("1️⃣", "2️⃣", "3️⃣", "4️⃣")


class Feed:
    """Posts caused by one user, turn by turn."""

    def __init__(self, who: Person, people: Sequence[Person], parameters: Parameters, seed: int) -> None:
        self.who, self.people, self.p = who, people, parameters
        self.rng = generator(seed, who.number, POSTING)
        self.last_grid: Post | None = None

    def chance(self, rate: float) -> bool:
        """True with this probability."""
        return bool(self.rng.random() < rate)

    def posts(self, turn: Turn, until: int) -> tuple[Post, list[Post]]:
        """The post of the prompt, and all that belong to the turn; none of these later than `until`."""
        grid = self._grid(turn)
        after = [*self._presses(turn, grid), *self._aside(turn, grid)]
        span = min(max(1000, int(0.8 * (until - turn.time))), 600_000)
        for number, post in enumerate(after):
            post.time = turn.time + 1 + int(span * (number + self.rng.random()) / len(after))
        self.last_grid = grid
        return grid, [*self._before(turn, grid), grid, *after]

    def _line(
        self, kind: str, echo: str, action: str, root: Post | None, answers: Post | None, *, time: int = 0
    ) -> Post:
        """A finished job: a line of the bot that mentions the user and has an image."""
        by = f"{action} by " if action else ""
        content = f"**{echo}** - {by}@{self.who.shown} {self._note()}({self.who.mode})"
        return Post(time, kind, content, self.who, answers, root, attached=echo)

    def _note(self) -> str:
        if not self.chance(0.06):
            return ""
        note = "(Open on website for full quality)"
        job = "-".join(f"{int(n):04x}" for n in self.rng.integers(1 << 16, size=5))
        return f"{note} " if self.chance(0.5) else f"[{note}](<https://midjourney.com/jobs/{job}>) "

    def _grid(self, turn: Turn) -> Post:
        if turn.remix:
            return self._line("remix", turn.echo(), pick(self.rng, _REMIXES), None, self.last_grid, time=turn.time)
        grid = self._line("grid", turn.echo(), "", None, None, time=turn.time)
        # Since 2025 a finished grid answers the "(Waiting to start)" message, which the bot deletes.
        grid.gone = self.chance(0.15)
        return grid

    def _before(self, turn: Turn, grid: Post) -> list[Post]:
        """Lines of a running job, which an export holds only if the bot failed to delete them."""
        line, who, posts = f"**{turn.echo()}** - @{self.who.shown}", self.who, list[Post]()
        if self.chance(self.p.stopped_rate):
            posts.append(Post(turn.time - 17_000, "progress", f"{line} (Stopped)", who, attached=turn.echo()))
        if self.chance(self.p.start_rate):
            content = f"{line} (Waiting to start)"
            posts.append(Post(turn.time - 15_000, "start", content, who, root=grid, command="imagine"))
        if self.chance(self.p.progress_rate):
            state = "(paused)" if self.chance(0.15) else f"({int(self.rng.integers(0, 99))}%)"
            content = f"{line} {state} ({who.mode})"
            posts.append(Post(turn.time - 8_000, "progress", content, who, root=grid, attached=turn.echo()))
        return posts

    def _presses(self, turn: Turn, grid: Post) -> list[Post]:
        """Variations of the grid, and where the user upscales, upscales and what follows from those."""
        posts, grids, echo = list[Post](), [grid], turn.echo()
        if self.chance(self.p.derived_rate):
            varied = self._line("variation", echo, pick(self.rng, _VARIATIONS), grid, self._link(grid, echo))
            posts.append(varied)
            grids.append(varied)
        if turn.upscaled:
            for _ in range(2 if self.chance(0.25) else 1):
                parent = grids[int(self.rng.integers(len(grids)))]
                posts.extend(self._upscale(echo, grid, parent))
        return posts

    def _link(self, parent: Post, echo: str) -> Post | None:
        """The post answered; None for the older form, which leaves the link to the text."""
        return None if echo and self.chance(self.p.unlinked_rate) else parent

    def _upscale(self, echo: str, root: Post, parent: Post) -> list[Post]:
        if len(self.people) > 1 and self.chance(self.p.stranger_rate):
            return [self._image(echo, root, parent, self._stranger())]
        if self.chance(0.12):
            return [self._line("upscale", echo, pick(self.rng, _OLD_UPSCALES), root, self._link(parent, echo))]
        image = self._image(echo, root, self._link(parent, echo), self.who)
        started = [self._starting(echo, root)] if self.chance(self.p.start_rate) else []
        return [*started, image, *self._after_image(echo, root, image)]

    def _image(self, echo: str, root: Post | None, answers: Post | None, presser: Person) -> Post:
        content = f"**{echo}** - Image #{int(self.rng.integers(1, 5))} @{presser.shown}"
        content += "\n-# Create, explore, and organize on midjourney.com" if self.chance(0.01) else ""
        return Post(0, "upscale", content, presser, answers, root, attached=echo)

    def _stranger(self) -> Person:
        other = int(self.rng.integers(len(self.people) - 1))
        return self.people[other + (other >= self.who.number)]

    def _starting(self, echo: str, root: Post) -> Post:
        content = (
            f"Upscaling image #{int(self.rng.integers(1, 5))} with **{echo}** - @{self.who.shown} (Waiting to start)"
        )
        return Post(0, "start", content, self.who, root, root)

    def _after_image(self, echo: str, root: Post, image: Post) -> list[Post]:
        """What the buttons under a single image lead to; all of it goes back to the same root."""
        posts = []
        if self.chance(self.p.second_upscale_rate):
            posts.append(self._line("upscale", echo, pick(self.rng, _NEW_UPSCALES), root, self._link(image, echo)))
        if self.chance(self.p.derived_rate):
            posts.append(self._line("region", echo, "Variations (Region)", root, image))
        if self.chance(self.p.derived_rate):
            zoom = self._line("zoom", echo, "Zoom Out", root, image)
            posts.append(zoom)
            if self.chance(0.5):
                posts.append(self._image(echo, root, zoom, self.who))
        if self.chance(self.p.derived_rate):
            posts.append(self._line("pan", self._panned(echo), pick(self.rng, _PANS), root, image))
        if self.chance(self.p.derived_rate):
            posts.append(Post(0, "start", "Animating...", None, image, root))
            posts.append(self._line("video", self._animated(echo), "", root, image))
        return posts

    def _panned(self, echo: str) -> str:
        """The bot writes a new aspect ratio, after the other parameters."""
        ratio = pick(self.rng, ["3:2", "2:3", "45:103", "17:31", "103:45"])
        return f"{re.sub(r' --ar [0-9:]+', '', echo)} --ar {ratio}"

    def _animated(self, echo: str) -> str:
        """The bot rewrites the parameters for a video and drops `--no`."""
        words = re.sub(r" --(?:ar|v|niji|s|q|chaos|no|style|w|tile|relax|seed)\b.*", "", echo)
        return f"{words} --motion {pick(self.rng, ['high', 'low'])} --video 1 --aspect 1:1"

    def _aside(self, turn: Turn, grid: Post) -> list[Post]:
        """Posts that are no prompt of this turn: chat, other answers of the bot, upscales of grids outside the log."""
        posts = []
        if self.chance(self.p.chatter_rate):
            posts.append(self._chat(grid))
        if self.chance(self.p.other_rate):
            posts.append(self._other(grid))
        if self.chance(self.p.orphan_rate):
            posts.append(self._orphan())
        return posts

    def _chat(self, grid: Post) -> Post:
        draw = self.rng.random()
        if draw < 0.1:
            return Post(0, "chatter", grid.content, author=self.who)
        if draw < 0.15:
            return Post(0, "chatter", "Joined the server.", author=self.who, joins=True)
        answers = grid if draw < 0.4 else None
        return Post(0, "chatter", pick(self.rng, vocabulary()["channel"]["chatter"]), answers=answers, author=self.who)

    def _other(self, grid: Post) -> Post:
        if self.chance(0.4):
            return Post(0, "other", RATED, None, grid)
        scenes = [draw_scene(self.rng, 0.0, None) for _ in _MARKS]
        texts = [Draft(scene, tuple(slot for slot, _ in scene.details)).text() for scene in scenes]
        if self.chance(0.5):
            lines = [f"{mark} {text}" for mark, text in zip(_MARKS, texts, strict=True)]
            return Post(0, "other", "", self.who, embedded="\n\n".join(lines), command="describe")
        important = f"## Important tokens\n**{texts[0]}** ~~highly detailed~~\n## Shortened prompts\n"
        return Post(0, "other", "", self.who, embedded=f"{important}1️⃣ {texts[1]}", command="shorten")

    def _orphan(self) -> Post:
        scene = draw_scene(self.rng, 0.0, None)
        echo = Draft(scene, tuple(slot for slot, _ in scene.details), order=1).echo()
        if self.chance(0.25):
            post = self._line("variation", echo, "Variations (Strong)", None, None)
        else:
            post = self._image(echo, None, None, self.who)
        post.gone = self.chance(0.5)
        return post
