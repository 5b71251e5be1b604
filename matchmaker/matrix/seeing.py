"""Who may know of a record, by its state.

A state or secrecy of «*» is every one that has no line of its own; a call that the
platform itself drafted is «platform». A pair is seen only while both its sides are.
"""

SIGHT = """
record       state                  secrecy     visitor enterprise university manager staff admin expert
need         draft                  *           -       own        own        own     -     -     -
need         published,solved       public      any     any        any        any     any   any   any
need         published,solved       masked      any     any        any        any     any   any   any
need         published,solved       restricted  -       own        own        own     any   any   -
need         *                      *           -       own        own        own     any   any   -
achievement  draft                  *           -       own        own        own     -     -     -
achievement  published,transferred  *           any     any        any        any     any   any   any
achievement  *                      *           -       own        own        own     any   any   -
call         draft                  platform    -       own        own        own     any   any   -
call         draft                  *           -       own        own        own     -     -     -
call         argued,withdrawn       *           -       own        own        own     any   any   -
call         *                      *           any     any        any        any     any   any   any
suggestion   approved               *           -       own        -          -       any   any   -
suggestion   *                      *           -       -          -          -       any   any   -
notice       *                      *           -       own        own        own     own   own   own
mandate      *                      *           -       -          -          own     any   any   -
proposal     *                      *           -       -          -          own     any   any   -
attachment   public                 *           any     any        any        any     any   any   any
attachment   *                      *           -       own        own        own     any   any   -
registration *                      *           -       own        own        own     any   any   -
invitation   *                      *           -       own        own        own     -     -     -
member       *                      *           -       own        own        own     -     -     -
mail         *                      *           -       -          -          -       any   any   -
session      *                      *           -       own        own        own     own   own   own
token        *                      *           -       own        own        own     own   own   own
subscription *                      *           -       own        own        own     own   own   own
introduction *                      *           -       own        own        own     any   any   -
contract     *                      *           -       own        own        own     any   any   -
payment      *                      *           -       own        own        own     any   any   -
deal_file    *                      *           -       own        own        own     any   any   -
expert       *                      *           -       -          -          -       any   any   own
tie          *                      *           -       -          -          -       any   any   own
review       recused,removed        *           -       -          -          -       any   any   -
review       *                      *           -       -          -          -       any   any   own
outcome      draft,withdrawn        *           -       -          -          -       -     -     -
outcome      *                      *           -       own        own        -       any   any   -
objection    *                      *           -       own        own        own     any   any   own
award        *                      *           -       own        own        -       any   any   -
milestone    *                      *           -       own        own        -       any   any   -
award_file   *                      *           -       own        own        -       any   any   -
bid          *                      *           -       own        own        -       -     -     -
opened_bid   sealed                 *           -       own        own        -       -     -     -
opened_bid   *                      *           -       own        own        -       any   any   own
bid_file     sealed                 *           -       own        own        -       -     -     -
bid_file     *                      *           -       own        own        -       any   any   own
question     answered               *           any     any        any        any     any   any   any
question     *                      *           -       own        own        -       any   any   -
own_bid_file *                      *           -       own        own        -       -     -     -
webhook      platform               *           -       -          -          -       any   any   -
webhook      *                      *           -       own        own        own     -     -     -
message      platform               *           -       -          -          -       any   any   -
message      *                      *           -       own        own        own     -     -     -
any_webhook  *                      *           -       -          -          -       -     any   -
publication  draft                  *           -       -          -          -       any   any   -
publication  *                      *           any     any        any        any     any   any   any
"""  # noqa: E501
