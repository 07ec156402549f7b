// A generated Go client takes, waits for and finishes tickets; its argument is the daemon's URL.
package main

import (
    "context"
    "encoding/json"
    "fmt"
    "os"

    client "example.org/ticketlockd/client"
)

func check(isRight bool, values ...any) {
    if !isRight {
        fmt.Fprintln(os.Stderr, values...)
        os.Exit(1)
    }
}

func main() {
    settings := client.NewConfiguration()
    settings.Servers = client.ServerConfigurations{{URL: os.Args[1]}}
    tickets := client.NewAPIClient(settings).TicketsAPI
    ctx := context.Background()

    body := *client.NewIssueTicketBody("go")
    first, _, err := tickets.IssueTicket(ctx).IssueTicketBody(body).IdempotencyKey("one").Execute()
    check(err == nil, err)
    second, _, err := tickets.IssueTicket(ctx).IssueTicketBody(body).Execute()
    check(err == nil, err)
    check(second.Token > first.Token && first.Token > 1<<31 && second.IsLocked, first, second)

    finish := *client.NewFinishServingBody("go", first.Ticket)
    finish.SetToken(first.Token)
    done, _, err := tickets.FinishServing(ctx).FinishServingBody(finish).Execute()
    check(err == nil && done.Removed && done.NowServing == second.Ticket, err, done)

    wait := *client.NewWaitBody("go", second.Ticket)
    wait.SetToken(second.Token)
    wait.SetTimeout(5)
    served, _, err := tickets.WaitForTicket(ctx).WaitBody(wait).Execute()
    check(err == nil && !served.IsLocked && served.Token == second.Token, err, served)

    clean := *client.NewCleanUpBody("go")
    clean.SetTicket(second.Ticket)
    clean.SetToken(second.Token)
    cleaned, _, err := tickets.CleanUp(ctx).CleanUpBody(clean).Execute()
    check(err == nil && cleaned.Removed && cleaned.Deleted, err, cleaned)

    _, answer, err := tickets.WaitForTicket(ctx).WaitBody(wait).Execute()
    failure, isFailure := err.(*client.GenericOpenAPIError)
    check(isFailure && answer.StatusCode == 410, err)
    problem, isProblem := failure.Model().(client.Problem)
    check(isProblem && problem.Code == "ticket_gone", failure.Model())

    // What a later version may say.
    var status client.TicketStatus
    text, err := json.Marshal(served)
    check(err == nil, err)
    err = json.Unmarshal([]byte(string(text[:len(text)-1])+`,"a_new_field":[1]}`), &status)
    check(err == nil && status.Token == served.Token, err)
    err = json.Unmarshal([]byte(`{"type":"t","title":"t","status":499,"detail":"d","code":"a_new_word","new":1}`), &problem)
    check(err == nil && problem.Code == "a_new_word", err)
}
