"""A hypothesis strategy: programs that import and use TensorFlow in nested scopes.

test_programs.py runs them. They use the names that it passes, such as `out` and `lib`.
"""

import sys

from hypothesis import strategies as st

# An import, and the dotted names through which the imported modules can be used.
IMPORTS = {
    "import tensorflow as tf": ["tf.train.", "tf.compat.v1.train.", "tf."],
    "import tensorflow": ["tensorflow.train.", "tensorflow.compat.v1.train.", "tensorflow."],
    "import tensorflow.compat.v1 as tf": ["tf.train."],
    "import tensorflow.compat.v1": ["tensorflow.compat.v1.train.", "tensorflow."],
    "import tensorflow.sub": ["tensorflow.train.", "tensorflow.sub."],
    "import os, tensorflow as tf": ["tf.train.", "os.name #"],
    "import os, \\\n    tensorflow as tf; ü = 1": ["tf.train.", "tf."],
    "from tensorflow import (train,\n    compat)": ["train.", "compat.v1.train."],
    "import tensorflow as tf, tensorflow as tf2": ["tf.train.", "tf2.train."],
    "import tensorflow as tf; import tensorflow.compat.v1 as tf1": ["tf.train.", "tf1.train."],
    "from tensorflow import train": ["train."],
    "from tensorflow.compat import v1 as tf": ["tf.train."],
    "from tensorflow.compat.v1 import train as t": ["t."],
    "from tensorflow.train import Scaffold": ["Scaffold #"],
    "from tensorflow.train import Scaffold, Saver as S  # noqa": ["Scaffold #", "S #"],
    "from tensorflow.train import (  # both\n    Saver,\n    Scaffold as S,  # it\n)": ["S #"],
    "from tensorflow.python.training import monitored_session": ["monitored_session.Scaffold #"],
    "import tensorflow.python.training.monitored_session": [
        "tensorflow.python.training.monitored_session.Scaffold #"
    ],
    "import tfmts_compat": ["tfmts_compat."],
    "import tfmts_compat as tc": ["tc."],
    "from tfmts_compat import Scaffold": ["Scaffold #"],
    "import other as tf": ["tf.train."],
    "from tensorflow.train import *": ["Scaffold #"],
    "from tensorflow.compat.v1 import *": ["train."],
    "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n    tf = None": [
        "tf.train."
    ],
    "try:\n    import tensorflow as tf\n    tf.x\nexcept ImportError:\n    tf = None": [
        "tf.train."
    ],
    "try:\n    from tensorflow import train\nexcept ImportError:\n    train = None": ["train."],
    "tf = None\nif on(0):\n    import tensorflow as tf": ["tf.train."],
    "try:\n    import tensorflow as tf\nexcept ImportError:\n    pass": ["tf.train."],
    "if on(0):\n    import tensorflow as tf\nelse:\n    import tensorflow.compat.v1 as tf": [
        "tf.train."
    ],
}
ALIASES = {
    "tf1 = tf.compat.v1": ["tf1.train."],
    "t = tf.train": ["t."],
    "tf = tf.compat.v1": ["tf.train."],
    "tf = tf": ["tf.train."],
    "tf1 = tf if on(0) else tf.compat.v1": ["tf1.train."],
    "tf1, t = tf, tf.train": ["tf1.train.", "t."],
    "(tf1 := tf)": ["tf1.train."],
    "tf = lib": ["tf.train."],
    "for tf in [lib]: pass": ["tf.train."],
    "with keep(lib) as tf: pass": ["tf.train."],
    "S = tf.train.Scaffold": ["S #"],
    "tfmts_compat = 3": [],
    "tc = 3": [],
    "del tf": [],
    "del tfmts_compat": [],
    "exec('tf.x')": [],
    "tf.train.Scaffold, y = 5, 6": [],
    "for tf.train.Scaffold in 'a': pass": [],
    "tf.train.Scaffold = 5": [],
    "setattr(tf.train, 'Scaffold', 5)": [],
    "tf.train = 5": [],
}
USES = (
    "out({0})",
    "out([{0} for _ in 'ab'])",
    "out((lambda: {0})())",
    "out((lambda tf=None: {0})())",
    "if {0}: out(1)",
    "out(f'{{{0}}}')",
    "out(({0}, tf.x))",
    "x = {0}; out(x)",
    "out([tf := {0}])",
    "out([tfmts_compat := {0} for _ in 'a'])",
    "out((lambda a={0}: a)())",
    "out((lambda tf=lib: {0})())",
    "out({0} if on(0) else ({0}, tf.x))",
    "out([[k, {0}] for k in 'ab' if {0}])",
    "y: '{0}' = {0}\nout(y)",
    "def g(a: '{0}' = {0}): return a, {0}\nout(g())",
    "try:\n    out({0})\nexcept AttributeError:\n    out(2)",
    "try:\n    out({0})\nexcept NameError:\n    out(2)",
    "y: {0} = 1\nout(y)",
    "ü = 'ü', {0}; out(ü[1])",
    'out(("""\nü""", {0}))',
    "if tf is not None: out({0})",
    "out(f'ü {{{0}}} {0} {{{0}!r:>9}}')",
    "\f\nout('ü', {0}) if 0 else out({0})",
    "out(f\"{{'a'}} {{({0})}}\" f'{{{0}}}')",
    "class C:\n    S = {0}\n    T = [{0} for _ in 'a']\nout(C.S)",
    "def g(a: {0} = 1) -> {0}: return {0}\nout(g())",
)
BOUND = ("tf", "tf", "train", "tfmts_compat", "tfmts_compat_", "tc")
NESTED = (
    "if on(1):",
    "if on(0):",
    "for _ in 'ab':",
    "for {0} in [lib]:",
    "with keep(lib) as {0}:",
    "while on(0):",
    "try:",
    "with_async",
    "with_decorator",
    "with_def",
    "with_class",
    "with_method",
    "with_global",
    "with_parameter",
    "with_nonlocal",
)
if sys.version_info >= (3, 10):
    USES += ("match lib:\n    case tf: out({0})", "match {0}:\n    case [*tf]: pass\nout({0})")
    NESTED += ("match lib:",)


def indented(lines):
    return ["    " + line for line in lines]


@st.composite
def used_names(draw, reached):
    prefix = draw(st.sampled_from(reached))
    name = draw(st.sampled_from(["Scaffold", "StopAtStepHook", "Saver", "x"]))
    if prefix in ("tf.", "tensorflow."):
        return f"{prefix}x"
    if prefix.endswith(".sub."):
        return f"{prefix}y"
    return prefix[:-2] if prefix.endswith(" #") else prefix + name


@st.composite
def blocks(draw, depth, reached):
    """Lines of code. Adds the names that they bind to `reached`."""
    lines = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["import", "use", "use", "alias", "nested", "nested"]))
        if kind == "import":
            text = draw(st.sampled_from(sorted(IMPORTS)))
            reached += [name for name in IMPORTS[text] if name not in reached]
            lines += text.split("\n")
        elif kind == "alias":
            text = draw(st.sampled_from(sorted(ALIASES)))
            if any(name.startswith("tf.") for name in reached) or "tf" not in text:
                reached += [name for name in ALIASES[text] if name not in reached]
                lines.append(text)
        elif kind == "use" and reached:
            use = draw(st.sampled_from(USES))
            lines += use.format(draw(used_names(reached))).split("\n")
        elif kind == "nested" and depth:
            lines += draw(nested(depth - 1, reached))
    return lines or ["pass"]


@st.composite
def nested(draw, depth, reached):
    bound = draw(st.sampled_from(BOUND))
    head = draw(st.sampled_from(NESTED)).format(bound)
    if not head.startswith("with_"):
        body = indented(draw(blocks(depth, reached)))
        if head == "try:":
            tails = ["finally:", "except ImportError:", f"except ImportError as {bound}:"]
            tail = draw(st.sampled_from(tails))
            return [head, *body, tail, *indented(draw(blocks(depth, reached)))]
        if head.startswith("if") and draw(st.booleans()):
            return [head, *body, "else:", *indented(draw(blocks(depth, reached)))]
        if head.startswith("match"):
            return [head, f"    case {bound}:", *indented(body)]
        return [head, *body]
    name = f"f{draw(st.integers(0, 3))}"
    inner = list(reached)
    body = draw(blocks(depth, inner))
    call = [f"{name}()"] if draw(st.booleans()) else [f"on({name}) and {name}()"]
    if head == "with_class":
        return [f"class {name}:", *indented(body), f"out(sorted(vars({name})))"]
    if head == "with_method":
        method = ["def m(self):", *indented(body)]
        return [f"class {name}:", *indented(method), f"{name}().m()"]
    if head == "with_global":
        bound = draw(st.sampled_from(["tf", "tensorflow", "tfmts_compat", "Scaffold"]))
        more = [path for path in inner if path.startswith(f"{bound}.")]
        reached += [path for path in more if path not in reached]
        return [f"def {name}():", f"    global {bound}", *indented(body), *call]
    if head == "with_parameter":
        default = draw(st.sampled_from(["None", "lib", bound]))
        return [f"def {name}({bound}={default}):", *indented(body), *call]
    if head == "with_async":
        return [f"async def {name}():", *indented(body), f"called({name}())"]
    if head == "with_decorator" and reached:
        decorator = f"@decorated({draw(used_names(reached))})"
        return [decorator, f"def {name}():", *indented(body), *call]
    if head == "with_nonlocal":
        inside = ["nonlocal tf", *draw(blocks(depth, inner))]
        return [f"def {name}():", *indented(body), "    def g():", *indented(indented(inside)),
                "    g()", *call]  # fmt: skip
    return [f"def {name}():", *indented(body), *call]


@st.composite
def programs(draw):
    reached = []
    head = draw(st.sampled_from([[], ['"""Doc."""'], ["# Copyright"], ["import os"]]))
    start = draw(st.sampled_from(sorted(IMPORTS)))
    reached += IMPORTS[start]
    first = start.split("\n") if draw(st.booleans()) else []
    if not first:
        reached.clear()
    return "\n".join([*head, *first, *draw(blocks(3, reached))]) + "\n"


COMPAT = (
    "import tensorflow as tf",
    "import tensorflow.compat.v1 as tf\ntrain = tf.train",
    "try:\n    import tensorflow as tf\nexcept ImportError:\n    tf = None",
    "try:\n    import tensorflow.compat.v1 as tf\nexcept ImportError:\n    tf = None\n"
    "train = tf and tf.train",
    "tf = None\nif on(0):\n    import tensorflow as tf",
    "def load():\n    global tf\n    import tensorflow as tf\ntf = None",
    "from tensorflow import *\nimport tensorflow as tf",
    "from tensorflow import train\nfrom tensorflow.train import Scaffold",
    "import tensorflow\ntf = tensorflow.compat.v1",
    "def load():\n    import tensorflow\n    return tensorflow\ntf = load()",
    "from tensorflow.train import Scaffold as S\nclass Scaffold(str): pass",
)
TAKEN = {
    "from compat import tf": ["tf.train.", "tf."],
    "from compat import tf as tf1": ["tf1.train."],
    "from compat import train": ["train."],
    "from compat import Scaffold": ["Scaffold #"],
    "from compat import *": ["tf.train.", "train.", "Scaffold #"],
    "import compat": ["compat.tf.train.", "compat.train.", "compat.Scaffold #"],
    "import compat as c": ["c.tf.train."],
    "try:\n    from compat import tf\nexcept ImportError:\n    tf = None": ["tf.train."],
    "import tensorflow as tf": ["tf.train.", "tf."],
}
PATCHES = (
    "tf.train.Scaffold = '<patched>'",
    "setattr(tf.train, 'Scaffold', '<patched>')",
    "tf.compat.v1.train = lib.train",
    "from tensorflow.python.training import monitored_session as m\nm.Scaffold = '<patched>'",
    "del tf.train.Scaffold",
)
# not NameError: an alias that has no value in f is not found, if only the caller handles the error
ERRORS = "(AttributeError, ImportError)"


@st.composite
def code_bases(draw):
    """The text of each file: `user` takes TensorFlow from `compat`, and `main` imports both."""
    compat = draw(st.sampled_from(COMPAT)).split("\n")
    taken = draw(st.sampled_from(sorted(TAKEN)))
    reached = list(TAKEN[taken])
    body = draw(blocks(2, reached))
    if draw(st.booleans()):  # works without TensorFlow
        body = ["def f():", *indented(body), "try:", "    f()", f"except {ERRORS}:", "    out(0)"]
    user = [*taken.split("\n"), *body]
    patch = draw(st.sampled_from(PATCHES))
    if draw(st.booleans()):
        patch = "pass"
    patcher = ["import tensorflow as tf", *patch.split("\n")] if patch != "pass" else ["pass"]
    used = draw(st.sampled_from(["1", "1", "compat.tf.x", "compat.tf.train.Saver", "user.tf.x"]))
    main = ["import patcher", "import compat", "import user", f"out({used})"]
    if draw(st.booleans()):
        main[0], main[2] = main[2], main[0]
    if draw(st.booleans()):
        compat += draw(blocks(1, ["tf.train."]))
    files = {"compat": compat, "user": user, "patcher": patcher, "main": main}
    return {f"{name}.py": "\n".join(lines) + "\n" for name, lines in files.items()}
