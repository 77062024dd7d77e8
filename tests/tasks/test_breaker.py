from recovery.breaker import Breaker


def test_three_failures_in_a_row_open_it_and_say_so_once():
    breaker = Breaker(failures=3, seconds=3600)

    assert [breaker.failed() for _ in range(4)] == [False, False, True, False]
    assert not breaker.allows()


def test_a_success_in_between_begins_the_count_again():
    breaker = Breaker(failures=3, seconds=3600)
    for _ in range(5):
        breaker.failed()
        breaker.failed()
        assert not breaker.succeeded()

    assert breaker.allows()


def test_after_its_rest_one_more_failure_keeps_it_open_and_a_success_closes_it():
    breaker = Breaker(failures=1, seconds=0)
    breaker.failed()

    assert breaker.allows(), "its rest is over"
    assert not breaker.failed(), "it was open already"
    assert breaker.succeeded()
    assert not breaker.succeeded()
