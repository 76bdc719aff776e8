using CsCheck;
using Glm5.Host.Access;

namespace Glm5.Tests.Clients.Access;

/// <summary>What a key may use, counted.</summary>
[TestClass]
public sealed class KeyAccountTests
{
    private readonly HandClock _clock = new();

    [TestMethod]
    public void Requests_in_flight_are_bounded_and_places_come_back()
    {
        KeyAccount account = Account(maxRequests: 2);
        Assert.IsNull(account.Enter());
        Assert.IsNull(account.Enter());
        KeyRefusal refusal = account.Enter()!.Value;
        Assert.AreEqual("requests", refusal.Limit);
        Assert.Contains("2 requests in flight", refusal.Message);
        account.Leave();
        Assert.IsNull(account.Enter());
    }

    [TestMethod]
    public void Tokens_run_out_go_into_debt_and_come_back_by_the_minute()
    {
        KeyAccount account = Account(tokensPerMinute: 600);
        Assert.IsNull(account.Enter());
        account.Charge(1200);
        Assert.AreEqual(-600, account.Tokens);
        KeyRefusal refusal = account.Enter()!.Value;
        Assert.AreEqual("tokens", refusal.Limit);
        Assert.AreEqual(60.1, refusal.RetryAfter.TotalSeconds, 1e-6);
        _clock.Move(TimeSpan.FromSeconds(60));
        Assert.IsNotNull(account.Enter());
        _clock.Move(TimeSpan.FromSeconds(0.1));
        Assert.IsNull(account.Enter());
    }

    [TestMethod]
    public void No_more_than_a_minutes_tokens_are_saved_up()
    {
        KeyAccount account = Account(tokensPerMinute: 100);
        account.Charge(40);
        _clock.Move(TimeSpan.FromHours(1));
        Assert.AreEqual(100, account.Tokens);
        account.Charge(-1000);
        Assert.AreEqual(100, account.Tokens);
    }

    [TestMethod]
    public void New_limits_leave_debts_as_they_are()
    {
        KeyAccount account = Account(tokensPerMinute: 100);
        account.Charge(500);
        account.Limits = new KeyLimits(null, 1000);
        Assert.AreEqual(-400, account.Tokens);
        account.Limits = new KeyLimits(null, null);
        Assert.IsNull(account.Enter());
        account.Limits = new KeyLimits(null, 50);
        Assert.AreEqual(50, account.Tokens);
    }

    [TestMethod]
    public void A_key_never_uses_more_than_it_earned_and_what_its_last_request_cost()
    {
        Gen.Select(Gen.Int[1, 1000], Gen.Int[0, 90], Gen.Int[0, 5000]).Array[1, 60].Sample(
            steps =>
            {
                var clock = new HandClock();
                var account = new KeyAccount(new KeyLimits(null, 600), clock);
                double used = 0, minutes = 0;
                int last = 0;
                foreach ((int cost, int seconds, _) in steps)
                {
                    clock.Move(TimeSpan.FromSeconds(seconds));
                    minutes += seconds / 60.0;
                    if (account.Enter() is not null)
                        continue;
                    account.Charge(cost);
                    account.Leave();
                    (used, last) = (used + cost, cost);
                    Assert.IsLessThanOrEqualTo(600 + (600 * minutes) + last, used);
                }
            },
            iter: Soak.Times(100));
    }

    private KeyAccount Account(int? maxRequests = null, int? tokensPerMinute = null) =>
        new(new KeyLimits(maxRequests, tokensPerMinute), _clock);
}
