"""Simulated logs with known truth for the tests of drift and of stopping: one feature, threads that stop by a hazard."""

import numpy as np
import polars as pl


def expit(z):
    return 1 / (1 + np.exp(-z))


def simulated(seed, users=100, per_user=6, b=0.0, drift=0.0, ar=0.0, on="deviation", levels=1.0, start=-0.9, taste=0.0):
    """Prompts of threads in which x = user's level + thread's level + deviation (SD 1, AR `ar`) + drift * (step - 1).

    Threads stop after each prompt with log odds `start` + `taste` * user's level + b * the deviation, or x, or the
    user's and thread's level ("level"), or the next change that nobody sees ("unseen").
    """
    generator = np.random.default_rng(seed)
    n, most = users * per_user, 60
    user = np.repeat(np.arange(users), per_user)
    own = levels * generator.normal(size=users)[user]
    level = own + levels * generator.normal(size=n)
    deviation = generator.normal(size=(n, most + 1))
    for step in range(1, most + 1):
        deviation[:, step] = ar * deviation[:, step - 1] + np.sqrt(1 - ar**2) * deviation[:, step]
    x = level[:, None] + deviation + drift * np.arange(most + 1)
    if on == "unseen":  # a random walk, so that no change can be foretold
        x = level[:, None] + np.cumsum(deviation + drift, axis=1)
    cause = {"deviation": deviation, "x": x, "level": np.repeat(level[:, None], most + 1, axis=1)}
    cause["unseen"] = np.diff(x, axis=1, append=x[:, -1:])
    stop = generator.random((n, most)) < expit(start + taste * own[:, None] + b * cause[on][:, :most])
    stop[:, -1] = True
    length = stop.argmax(axis=1) + 1
    thread = np.repeat(np.arange(n), length)
    step = np.arange(len(thread)) - np.repeat(np.cumsum(length) - length, length)
    return pl.DataFrame(
        {
            "prompt_id": np.arange(len(thread)).astype(str),
            "user_id": [f"u{one:06}" for one in user[thread]],
            "thread_id": np.char.add("t", thread.astype(str)),
            "step": step + 1,
            "steps_left": length[thread] - step - 1,
            "time": pl.Series(np.full(len(thread), None), dtype=pl.Datetime("ms", "UTC")),
            "upscaled": pl.Series(np.full(len(thread), None), dtype=pl.Boolean),
            "x": x[thread, step],
        }
    )
