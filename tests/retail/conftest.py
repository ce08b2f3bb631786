"""The walk's helpers explain their failures as the tests themselves do."""

import pytest

pytest.register_assert_rewrite("tests.retail.walker", "tests.retail.books")
