"""A classifier that sees one cue and nothing else: what it scores, the cue gives away."""

from __future__ import annotations

import re
from bisect import bisect
from dataclasses import replace
from hashlib import sha256

from harness.annotations import Annotations
from harness.errors import UnknownName
from harness.models._inner import spent_by, unfinished_of
from harness.parts import Model
from harness.records import ITEM_COLUMNS, Items

KINDS = ("label", "labels")
LIBRARIES = ()  # those of the model that it hands the cue to are counted with that model
ROOMS = ("models/_inner.py",)  # whose code is a part of the identity
CUES = ("text", "length", "function-words", "first-sentence")
WORD = re.compile(r"[^\W\d_]+")
END = re.compile(r"(?<=[.!?])[”»\"’']?\s+|\n+")
INDONESIAN = """
ada adalah agar akan aku anda antara apa apabila apakah atas atau bagaimana bagi bahkan bahwa banyak beberapa belum
bila bisa boleh bukan dalam dan dapat dari daripada demi dengan di dia hanya harus hingga ia ialah ini itu jadi jangan
jika juga kalau kami kamu kapan karena ke kecuali kepada ketika kita lagi lain lalu lebih maka maupun melainkan mereka
meski meskipun mungkin namun oleh pada paling para pernah pula pun saat saja sambil sampai sangat saya seakan sebab
sebagai sebelum sebuah sedang sedangkan sehingga sejak sekali selain selama semua seorang seperti sesudah setelah
setiap siapa sudah supaya tanpa tapi telah tentang terhadap tetapi tiap tidak untuk yaitu yakni yang
"""
ENGLISH = """
a about after against all also although an and any are as at be because been before being between both but by can
could did do does during each either every few for from had has have he her hers him his how i if in into is it its
may me might more most must my neither no nor not of off on one or other our out over own shall she should since so
some such than that the their them then there these they this those though through to too under until up us very was
we were what when where which while who whom whose why will with without would you your
"""
SPANISH = """
a al algo alguna algunos algún ante antes aquel aquella aunque bajo cada como con contra cual cuales cuando cuanto de
del desde donde durante e el ella ellas ellos en entre era es esa esas ese eso esos esta estas este esto estos están
fue fueron ha había han hasta hay la las le les lo los me mi mientras muy más nada ni ninguna ningún no nos nosotros o
otra otras otro otros para pero por porque pues que quien quienes qué se según ser si sin sino sobre son su sus sí
también tampoco tan tanto te tras tu tus u un una unas unos y ya yo
"""
FUNCTION_WORDS = frozenset(f"{INDONESIAN} {ENGLISH} {SPANISH}".split())


def blind(*, see: str = "text", model: Model | str = "tfidf(words=1, chars=0)") -> Model:
    """A model that is handed one cue as its text, without facets, language or names that could tell more.

    `see` is a facet, such as `target` or `holder` (its name alone); `text` (blind to the facets); `length` (which
    tenth of the training texts' lengths in characters); `function-words` (articles, pronouns, prepositions,
    conjunctions, auxiliaries and negations of Indonesian, English and Spanish, in order); or `first-sentence`. A cue
    that scores above chance is a shortcut. Source: A. Poliak et al., Hypothesis Only Baselines in Natural Language
    Inference, 2018.
    """
    assert isinstance(model, Model)
    return _Blind(see, model)


class _Blind:
    def __init__(self, see: str, model: Model) -> None:
        self.see, self.model = see, model

    @property
    def spent(self) -> dict[str, float]:
        return spent_by(self.model)

    @property
    def unfinished(self) -> bool:
        return unfinished_of(self.model)

    def fit(self, items: Items, gold: Annotations, *, seed: int) -> None:
        facets = [name for name in items.columns if name not in ITEM_COLUMNS]
        if self.see not in (*CUES, *facets):
            raise UnknownName("setting see of blind", self.see, [*CUES, *facets])
        lengths = sorted(map(len, items["text"]))
        self.tenths = [lengths[len(lengths) * i // 10] for i in range(1, 10)] if lengths else []
        inner = self._masked(items)
        self.model.fit(inner, replace(gold.bare, item=inner["item"]), seed=seed)

    def predict(self, items: Items) -> Annotations:
        return replace(self.model.predict(self._masked(items)), item=items["item"])

    def _masked(self, items: Items) -> Items:
        """The items with the cue as text; what they are called is hashed, since names of items and groups tell."""
        names = {
            name: [sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16] for value in items[name]]
            for name in ("item", "document", "group")
        }
        shown = items[self.see] if self.see not in CUES else [self._cue(text) for text in items["text"]]
        return Items({**names, "language": [""] * len(items), "text": shown})

    def _cue(self, text: str) -> str:
        if self.see == "length":
            return f"tenth{bisect(self.tenths, len(text))}"
        if self.see == "function-words":
            return " ".join(word for word in WORD.findall(text.lower()) if word in FUNCTION_WORDS)
        if self.see == "first-sentence":
            return END.split(text.strip(), maxsplit=1)[0]
        return text
