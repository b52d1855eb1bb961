"""Access to the raw session inside a monitored session, and runs without hooks."""

from __future__ import annotations

from typing import Any

from tfmts_compat import _upstream_sessions


def raw_session(session: Any) -> Any:
    """Returns the tf.compat.v1.Session inside a monitored session, e.g. for Saver.save.

    Do not keep the result across runs: upstream replaces the raw session when it recovers
    from a lost parameter server. A plain tf.compat.v1.Session is returned unchanged.

    Args:
      session: a MonitoredSession or SingularMonitoredSession of upstream's.

    Returns:
      The tf.compat.v1.Session in use now.

    Raises:
      RuntimeError: the session is closed.
      TypeError: session is something else.
    """
    raw = _upstream_sessions.tf_session(session)
    if raw is None:
        raise RuntimeError(
            f"{type(session).__name__} is closed and has no raw session; call "
            "raw_session inside the `with` block, e.g. in the end() of a hook."
        )
    return raw


def run_without_hooks(session: Any, fetches: Any, feed_dict: Any = None) -> Any:
    """Runs fetches as session.run does, without calling any hook.

    As with session.run, upstream creates the session again and repeats the run after a
    parameter server was lost.

    Args:
      session: a MonitoredSession or SingularMonitoredSession of upstream's.
      fetches: as in tf.compat.v1.Session.run.
      feed_dict: as in tf.compat.v1.Session.run.

    Returns:
      The fetched values, as tf.compat.v1.Session.run returns them.

    Raises:
      RuntimeError: the session is closed.
      TypeError: session is something else.
    """
    if raw_session(session) is session:
        return session.run(fetches, feed_dict)
    # After a recovery the session in the step context is no longer the current one.
    return session.run_step_fn(
        lambda step_context: raw_session(session).run(fetches, feed_dict)  # noqa: ARG005
    )
