"""Survey exports: one form a member, nobody's name, and every form accounted for."""

import base64
import hashlib
import hmac

import numpy as np
import pandas as pd
import pytest

import coplearn as cl
from coplearn.naming import pseudonyms
from coplearn.questionnaires import QUESTIONNAIRES, questionnaire
from coplearn.survey_exports import read_limesurvey, read_qualtrics

KEY = "sixteen characters or more"
BOOK = pd.DataFrame(
    {"scale": "trust", "reverse": [False, True], "min": 1.0, "max": 5.0, "column": ["Q1_1", "Q1_2"]},
    index=pd.Index(["t1", "t2"], name="item"),
)
QUALTRICS = """StartDate,EndDate,Status,IPAddress,Progress,Finished,ResponseId,RecipientEmail,Q0,Q1_1,Q1_2
Start Date,End Date,Response Type,IP,Progress,Finished,Response ID,E-mail,"I agree, and know that
I may stop",Trust - A,Trust - B
"{""ImportId"":""startDate""}","{""ImportId"":""endDate""}",s,i,p,f,r,e,q,q,q
2024-01-01 10:00:00,2024-01-01 10:05:00,0,10.0.0.1,100,1,R1,ann@example.org,yes,4,2
2024-01-02 10:00:00,2024-01-02 10:05:00,0,10.0.0.1,100,1,R2,Ann@example.org,yes,5,Prefer not to say
2024-01-03 10:00:00,2024-01-03 10:01:00,0,10.0.0.1,50,0,R3,ann@example.org,yes,1,
2024-01-01 11:00:00,2024-01-01 11:05:00,0,10.0.0.2,100,1,R4,ben@example.org,no,3,3
2024-01-01 12:00:00,2024-01-01 12:05:00,1,10.0.0.3,100,1,R5,cem@example.org,yes,3,3
2024-01-01 13:00:00,2024-01-01 13:05:00,0,10.0.0.4,100,1,R6,,yes,3,3
2024-01-01 14:00:00,2024-01-01 14:05:00,0,10.0.0.5,100,1,R7,dee@example.org,yes,,
2024-01-01 15:00:00,2024-01-01 15:05:00,0,10.0.0.6,40,0,R8,eve@example.org,yes,Strongly agree,
"""
LIME = """"id";"submitdate";"lastpage";"startlanguage";"token";"startdate";"datestamp";"T[SQ1]";"T[SQ2]"
"1";"2024-01-01 10:00:00";"3";"en";"tokA";"2024-01-01 09:00:00";"2024-01-01 10:00:00";"A4";"2"
"2";"";"1";"en";"tokB";"2024-01-01 09:00:00";"2024-01-01 09:30:00";"A1";""
"3";"2024-01-02 10:00:00";"3";"en";"tokB";"2024-01-01 09:00:00";"2024-01-02 10:00:00";"A2";"N/A"
"""
ANSWERS = {"consent": {"Q0": ["yes"]}, "choices": {"Strongly agree": 5}}


@pytest.fixture
def qualtrics(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(QUALTRICS)
    return path


def who(name):
    return pseudonyms([name], KEY).iloc[0]


def read(path, **changes):
    return read_qualtrics(path, BOOK, **{"member": "RecipientEmail", "key": KEY, **ANSWERS, **changes})


def test_every_form_has_a_fate(qualtrics):
    export = read(qualtrics, wave=2)
    assert export.forms["fate"].tolist() == [
        "another form of the same member is later or complete",
        "kept",
        "another form of the same member is later or complete",
        "no consent",
        "preview, test or spam",
        "nobody named",
        "no item answered",
        "kept",
    ]
    rows = export.responses.set_index(["member", "item"])["value"]
    assert rows[who("ann@example.org"), "t1"] == 5.0 and np.isnan(rows[who("ann@example.org"), "t2"])
    assert rows[who("eve@example.org"), "t1"] == 5.0 and len(rows) == 4 and set(export.responses["wave"]) == {2}
    assert export.declined == 1 and "1 answer declined, read as missing." in export.caveats
    assert "1 form kept that was not finished." in export.caveats and "8 forms, 2 kept" in export.summary()
    assert str(export.forms["time"].iloc[0]) == "2024-01-01 10:05:00+00:00"


def test_nobodys_name_leaves_the_file(qualtrics):
    export = read(qualtrics)
    said = export.summary() + export.forms.to_csv() + export.responses.to_csv()
    assert "example.org" not in said and "10.0.0" not in said and export.ignored == 7


def test_the_answers_make_a_community(qualtrics):
    export = read(qualtrics)
    members = pd.DataFrame({"member": export.responses["member"].unique(), "consent": "all"})
    waves = pd.DataFrame({"wave": [1], "opens": [pd.Timestamp("2024-01-01", tz="UTC")]})
    members["joined"] = waves["opens"][0]
    c = cl.Community("asked", members, waves=waves, items=export.items, responses=export.responses)
    scores = c.scores("trust").set_index("member")["trust"]
    assert scores.isna().all()  # one answer of two is less than two thirds
    assert c.scores("t1")["t1"].tolist() == [5.0, 5.0]


def test_the_same_in_utf16_with_tabs(qualtrics, tmp_path):
    import csv
    import io

    rows = list(csv.reader(io.StringIO(QUALTRICS)))
    out = io.StringIO()
    csv.writer(out, delimiter="\t").writerows(rows)
    other = tmp_path / "export.tsv"
    other.write_bytes(out.getvalue().encode("utf-16"))
    pd.testing.assert_frame_equal(read(other).responses, read(qualtrics).responses)


def test_limesurvey_keeps_the_submitted_form(tmp_path):
    path = tmp_path / "lime.csv"
    path.write_text("\ufeff" + LIME)
    book = BOOK.assign(column=["T[SQ1]", "T[SQ2]"])
    export = read_limesurvey(path, book, key=KEY, timezone="Europe/Berlin")
    rows = export.responses.set_index(["member", "item"])["value"]
    assert rows[who("tokA"), "t1"] == 4.0 and rows[who("tokB"), "t1"] == 2.0 and np.isnan(rows[who("tokB"), "t2"])
    assert export.table().loc["kept", "forms"] == 2
    assert str(export.forms["time"].iloc[0]) == "2024-01-01 09:00:00+00:00"  # ten o'clock in Berlin


def test_a_later_no_takes_consent_back(qualtrics):
    qualtrics.write_text(QUALTRICS.replace("R3,ann@example.org,yes", "R3,ann@example.org,no"))
    assert (read(qualtrics).forms["fate"].iloc[:3] == "no consent").all()


def test_a_pseudonym_is_a_keyed_hash_and_the_same_in_every_file():
    digest = hmac.new(KEY.encode(), b"study\x00ann", hashlib.sha256).digest()
    assert pseudonyms([" Ann "], KEY, "study").iloc[0] == base64.b32encode(digest).decode()[:16].lower()
    assert (
        pseudonyms(["ann"], KEY).iloc[0]
        != pseudonyms(["ann"], KEY + "!").iloc[0]
        != pseudonyms(["ann"], KEY, "b").iloc[0]
    )
    with pytest.raises(ValueError, match="the key has 5 characters"):
        pseudonyms(["ann"], "short")


@pytest.mark.parametrize(
    "old, new, changes, words",
    [
        ("ImportId", "Import", {}, "third row holds no import ids"),
        ("Q1_1,Q1_2\nStart", "Q1_1,Q1_1\nStart", {}, "more than one column Q1_1"),
        ("Q1_1,Q1_2\nStart", "Q1_1,Q1_3\nStart", {}, r"no column \(of the codebook\) 'Q1_2'. Did you mean"),
        ("yes,4,2", "yes,4,2,9", {}, "form 1 has another number of cells"),
        ("yes,4,2", "yes,four,2", {}, r"'Q1_1' holds four \(form 1\), which is no number"),
        ("yes,4,2", "yes,4,7", {}, r"'Q1_2' holds 7 \(form 1\), outside 1 to 5"),
        (
            "",
            "",
            {"member": "RecipientMail"},
            r"no column \(of the member\) 'RecipientMail'. Did you mean 'RecipientEmail'",
        ),
        ("", "", {"key": "short"}, "the key has 5 characters"),
        ("", "", {"consent": {"Q9": ["yes"]}}, r"no column \(of consent\) 'Q9'"),
    ],
)
def test_a_file_that_cannot_be_read_is_answered_with_a_sentence(qualtrics, old, new, changes, words):
    qualtrics.write_text(QUALTRICS.replace(old, new) if old else QUALTRICS)
    with pytest.raises(ValueError, match=words) as told:
        read(qualtrics, **changes)
    assert "example.org" not in str(told.value)


def test_a_codebook_that_does_not_fit_is_answered_with_a_sentence(qualtrics, tmp_path):
    with pytest.raises(ValueError, match="no column 'scale'"):
        read_qualtrics(qualtrics, BOOK.drop(columns="scale"), member="RecipientEmail", key=KEY)
    with pytest.raises(ValueError, match="names item t1 twice"):
        read_qualtrics(qualtrics, pd.concat([BOOK, BOOK.head(1)]), member="RecipientEmail", key=KEY)
    with pytest.raises(ValueError, match="no column 'submitdate'"):
        read_limesurvey(qualtrics, BOOK, key=KEY)
    with pytest.raises(FileNotFoundError):
        read_limesurvey(tmp_path / "nowhere.csv", BOOK, key=KEY)


# --- questionnaires ----------------------------------------------------------------------------------------


def test_registered_questionnaires_have_their_size_and_source():
    sizes = {name: q.items for name, q in QUESTIONNAIRES.items()}
    assert sizes["TSES-24"] == 24 and sizes["TSES-12"] == 12 and sizes["PSES"] == 18
    assert sizes["collective efficacy"] == 21 and sizes["collective efficacy, short"] == 12
    assert all("doi:10." in q.source for q in QUESTIONNAIRES.values())
    for name in ("TSES-24", "TSES-12"):
        book = questionnaire(name).codebook()
        assert book["subscale"].notna().all() and book["subscale"].value_counts().nunique() == 1  # equal thirds
        assert (book["max"] == 9).all()


def test_a_codebook_scores_subscales():
    book = questionnaire("innovative climate").codebook(
        items=3, options=6, reverse=[3], subscales={"risk": [1, 3]}, columns=["a", "b", "c"]
    )
    answers = pd.DataFrame({"wave": 1, "member": "m", "item": ["cli1", "cli2", "cli3"], "value": [6.0, 1.0, 2.0]})
    assert cl.scale_scores(answers, book, "climate")["climate"].tolist() == [4.0]  # 6, 1 and 7 - 2
    assert cl.scale_scores(answers, book, "risk")["risk"].tolist() == [5.5]


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: questionnaire("TSES24"), "Did you mean 'TSES-"),
        (lambda: questionnaire("innovative climate").codebook(), "say items= and options= of yours"),
        (lambda: questionnaire("PSES").codebook(reverse=[19]), "'reverse' holds item 19; items run from 1 to 18"),
        (lambda: questionnaire("PSES").codebook(columns=["a"]), "1 column for 18 items"),
        (lambda: questionnaire("PSES").codebook(options=1), "options is 1"),
    ],
)
def test_a_form_that_does_not_fit_is_answered_with_a_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_names_in_other_letters_are_not_guessed(tmp_path):
    path = tmp_path / "latin.csv"
    path.write_bytes(LIME.replace("tokA", "\u00e4nn").replace("tokB", "\u00f6nn").encode("latin-1"))
    with pytest.raises(ValueError, match=r"latin\.csv is not in UTF-8"):  # they would be one member
        read_limesurvey(path, BOOK.assign(column=["T[SQ1]", "T[SQ2]"]), key=KEY)


def test_days_and_months_are_not_guessed(tmp_path):
    path = tmp_path / "edited.csv"
    path.write_text(LIME.replace("2024-01-02 10:00:00", "02/01/2024 10:00"))
    with pytest.raises(ValueError, match=r"column 'submitdate' holds '02/01/2024 10:00' \(form 3\)"):
        read_limesurvey(path, BOOK.assign(column=["T[SQ1]", "T[SQ2]"]), key=KEY)


def test_commas_in_headings_do_not_part_columns(tmp_path):
    path, book = tmp_path / "lime.csv", BOOK.assign(column=["T[SQ1]", "T[SQ2]"])
    path.write_text(LIME)
    plain = read_limesurvey(path, book, key=KEY)
    path.write_text(LIME.replace('"startlanguage"', '"which, of, these, or, those, or, all, or, none"'))
    pd.testing.assert_frame_equal(read_limesurvey(path, book, key=KEY).responses, plain.responses)


def test_an_item_has_a_column_and_a_subscale_of_its_own(qualtrics):
    with pytest.raises(ValueError, match="are read from one column Q1_1"):
        read_qualtrics(qualtrics, BOOK.assign(column="Q1_1"), member="RecipientEmail", key=KEY, **ANSWERS)
    with pytest.raises(ValueError, match="item 2 stands in two subscales"):
        questionnaire("PSES").codebook(subscales={"a": [1, 2], "b": [2, 3]})
    with pytest.raises(ValueError, match="a column stands for two items"):
        questionnaire("PSES").codebook(columns=["x"] * 18)
    with pytest.raises(ValueError, match="items is 0"):
        questionnaire("PSES").codebook(items=0)
