"""Many at once, on both sites alike: the actions of lists that choose rows (`chosen`), and the page of what was chosen, from how it is to be
treated to what was done (`view`). What each kind is called is in `words`, what a page shows in `shown`, its form in `options`.
"""
