"""A warning points at the user's line, also if other modules call the shim for the user."""

import functools
import threading

import pytest

from tfmts_compat import TfmtsCompatWarning, _warnings


def function_in(module):
    """Returns a function in a module of this name that calls another function."""
    contents = {"__name__": module}
    exec(compile("def call(function):\n    return function()\n", f"<{module}>", "exec"), contents)
    return contents["call"]


@pytest.mark.parametrize(
    ("modules", "file"),
    [
        ([], __file__),
        (["tensorflow.python.eager", "tensorflow_estimator.python", "contextlib"], __file__),
        (["tensorflow_addons.hooks"], "<tensorflow_addons.hooks>"),
        (["tensorflow.python.eager", "models.train"], "<models.train>"),
    ],
    ids=str,
)
def test_a_warning_points_at_the_innermost_frame_of_the_user(modules, file):
    call = functools.partial(_warnings.warn, "a pitfall")
    for module in ["tfmts_compat._session", *modules]:  # the innermost first
        call = functools.partial(function_in(module), call)
    with pytest.warns(TfmtsCompatWarning, match=r"^a pitfall$") as caught:
        call()
    assert [warning.filename for warning in caught] == [file]


@pytest.mark.filterwarnings("ignore::tfmts_compat.TfmtsCompatWarning")
def test_texts_are_collected_in_the_innermost_context_of_the_thread():
    outer, inner = [], []
    with _warnings.collect(lambda *item: outer.append(item)):
        _warnings.warn("first")
        with _warnings.collect(lambda *item: inner.append(item)):
            _warnings.warn("second")
            warn, note = _warnings.warn_later(), _warnings.note_later()
            thread = threading.Thread(target=_warnings.warn, args=("in a thread",))
            thread.start()
            thread.join()
        _warnings.warn("third")
    _warnings.warn("fourth")
    warn("fifth")
    note("sixth")
    assert outer == [("warnings", "first"), ("warnings", "third")]
    assert inner == [("warnings", "second"), ("warnings", "fifth"), ("notes", "sixth")]
