"""A brand's names as people write them: their usual forms, and where those stand in a text.

    plain      letters without their accents
    spelling   a name as written, taken apart into words and signs
    forms      the forms that follow from a spelling
    endings    what inflected languages add to a name
    letters    which languages a text may be in by its letters
    runs       names in scripts that are written without spaces
    finder     finds the names of all brands in one walk over a text
    rules      whether what was found there is the name

What is heard, and why, is told in docs/marketing/names.md.
"""
