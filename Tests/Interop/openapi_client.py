"""A generated Python client takes, waits for and finishes tickets: python3 openapi_client.py URL

The client is the package `generated` on the path, made of the document that the daemon at URL serves. Ends with a
traceback if it does not do as it should.
"""

import sys

from generated import Client, models
from generated.api.locks import get_lock, is_waiting, list_locks
from generated.api.tickets import acquire_ticket, clean_up, extend_ticket, finish_serving, issue_ticket, wait_for_ticket


def main(url):
    client = Client(base_url=url, raise_on_unexpected_status=True)
    body = models.IssueTicketBody(conversation_id="python", lifetime=30.5)
    first = issue_ticket.sync(client=client, body=body, idempotency_key="one")
    assert isinstance(first, models.TicketStatus) and not first.is_locked, first
    assert issue_ticket.sync(client=client, body=body, idempotency_key="one").ticket == first.ticket
    second = issue_ticket.sync(client=client, body=body)
    assert second.token > first.token > 2**31 and second.position == 1, (first, second)

    place = {"conversation_id": "python", "ticket": second.ticket, "token": second.token}
    waited = wait_for_ticket.sync(client=client, body=models.WaitBody(**place, timeout=0.01))
    assert waited.is_locked, waited
    done = finish_serving.sync(
        client=client,
        body=models.FinishServingBody(conversation_id="python", ticket=first.ticket, token=first.token))
    assert done.removed and done.now_serving == second.ticket, done
    served = wait_for_ticket.sync(client=client, body=models.WaitBody(**place))
    assert not served.is_locked and served.token == second.token, served
    assert extend_ticket.sync(client=client, body=models.ExtendBody(**place, lifetime=40)).expires_in > 35

    lock = get_lock.sync(client=client, conversation_id="python")
    assert [ticket.token for ticket in lock.tickets] == [second.token], lock
    assert list_locks.sync(client=client, prefix="py").locks == [lock]
    assert is_waiting.sync(client=client, conversation_id="python").is_someone_waiting
    cleaned = clean_up.sync(client=client, body=models.CleanUpBody(**place))
    assert cleaned.removed and cleaned.deleted, cleaned

    gone = wait_for_ticket.sync(client=client, body=models.WaitBody(**place))
    assert isinstance(gone, models.Problem) and (gone.status, gone.code) == (410, "ticket_gone"), gone
    acquired = acquire_ticket.sync(client=client, body=models.AcquireBody(conversation_id="python"))
    assert acquired.ticket == second.ticket + 1, acquired

    # What a later version may say.
    status = models.TicketStatus.from_dict({**acquired.to_dict(), "a_new_field": [1]})
    assert status.token == acquired.token and status.additional_properties == {"a_new_field": [1]}
    problem = models.Problem.from_dict({**gone.to_dict(), "code": "a_new_word", "a_new_field": 1})
    assert problem.code == "a_new_word"


main(*sys.argv[1:])
