"""English function words by class: what people say whatever they talk about.

A community's style shows in words that carry grammar rather than topic, so a measure on function words only does not
move when the subject moves, and word classes are the markers of linguistic coordination and the categories of
enculturation fit. The lists below were written for this package (common closed-class words and the clitics that the
tokeniser makes); they are English, modern and plain, and a study in another language brings its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from coplearn._checks import choose

__all__ = ["FUNCTION_WORDS", "function_words"]

FUNCTION_WORDS: Mapping[str, tuple[str, ...]] = {
    name: tuple(words.split())
    for name, words in {
        "article": "a an the",
        "preposition": "about above across after against along among around as at before behind below beneath beside"
        " between beyond by despite down during except for from in inside into near of off on onto out outside over"
        " past since through throughout till to toward towards under until up upon via with within without",
        "first person singular": "i me my mine myself",
        "first person plural": "we us our ours ourselves",
        "second person": "you your yours yourself yourselves",
        "third person": "he him his himself she her hers herself they them their theirs themselves",
        "impersonal pronoun": "it its itself this that these those what which who whom whose anything everything"
        " nothing something anyone everyone someone anybody everybody somebody one ones",
        "auxiliary": "am is are was were be been being have has had having do does did doing will would shall should"
        " can could may might must ought 'm 're 've 'll 'd 's wo ca",
        "conjunction": "and or but nor so yet because although though while whereas if unless whether than",
        "negation": "no not n't never none neither nobody nowhere cannot",
        "quantifier": "all any both each every few fewer less lots many more most much several some enough half",
        "adverb": "also again almost already always back even ever here however just maybe often only perhaps quite"
        " rather really soon still then there too very well when where why how",
    }.items()
}


def function_words(*classes: str) -> tuple[str, ...]:
    """The words of some classes, of all of them if none is named.

    Examples
    --------
    >>> function_words("article", "first person singular")
    ('a', 'an', 'the', 'i', 'me', 'my', 'mine', 'myself')
    """
    chosen = [choose(c, list(FUNCTION_WORDS), "class of function words") for c in classes] or list(FUNCTION_WORDS)
    return tuple(dict.fromkeys(w for c in chosen for w in FUNCTION_WORDS[c]))
