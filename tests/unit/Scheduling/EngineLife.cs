using Glm5.Core;
using Glm5.Core.Sampling;
using Glm5.Core.Scheduling;
using Glm5.Tests.Unit.Engine;

namespace Glm5.Tests.Unit.Scheduling;

/// <summary>One engine and what happens to it, one random event at a time.</summary>
internal sealed class EngineLife : IDisposable
{
    private const int MostWaiting = 60;

    private static readonly string?[] s_keys = [null, "a", "b", "c"];

    private readonly HandClock _clock = new();
    private readonly List<Client> _clients = [];
    private readonly House _house;
    private readonly Random _random;
    private readonly EngineBench _bench;

    public EngineLife(House house, int seed)
    {
        (_house, _random) = (house, new Random(seed));
        _bench = new EngineBench(
            house.Blocks, house.BlockSlots, house.Context, house.MaxTokens, house.MaxSequences, MostWaiting,
            house.PrefixCaching, house.Drafts, time: _clock, scheduling: house.Scheduling,
            lateAfter: TimeSpan.FromSeconds(house.LateAfter));
    }

    public EventCounts Counts { get; } = new();

    private Scheduler Scheduler => _bench.Engine.Scheduler;

    /// <summary>Lets one thing happen, and checks everything.</summary>
    public void Step()
    {
        Counts.Events++;
        switch (_random.Next(16))
        {
            case < 5 when _clients.Count < MostWaiting:
                Arrive();
                break;
            case 5 when _clients.Count > 0:
                _clients[_random.Next(_clients.Count)].Cancel();
                break;
            case 6 or 7:
                _clock.Advance(_random.Next(40) / 10.0);
                break;
            default:
                Turn();
                break;
        }

        SchedulerInvariants.Check(Scheduler, _bench.Engine.Groups[0].Prepared);
    }

    /// <summary>Lets everybody come to an end.</summary>
    public void End()
    {
        int turns = 0;
        while (Turn())
        {
            SchedulerInvariants.Check(Scheduler, _bench.Engine.Groups[0].Prepared);
            Assert.IsLessThan(100_000, ++turns, "the engine does not come to rest");
        }

        Assert.IsEmpty(_clients);
        Assert.AreEqual((0, 0), (_bench.Engine.Status.BlocksInUse, _bench.Engine.Status.Waiting));
        Counts.Preemptions = _bench.Engine.Status.Preemptions;
    }

    public void Dispose() => _bench.Dispose();

    private void Arrive()
    {
        Counts.Arrivals++;
        int prompt = _random.Next(1, Math.Min(40, _house.Context)), most = _random.Next(1, _house.Context - prompt + 1);
        GenerationRequest request = EngineBench.Request(_random.Next(4), prompt, Math.Min(most, 40)) with
        {
            Priority = _house.Scheduling == SchedulingPolicy.Priority ? _random.Next(-3, 4) : 0,
            ShareKey = s_keys[_random.Next(s_keys.Length)],
            ShareWeight = _random.Next(1, 6),
            MaxWait = _random.Next(8) == 0 ? TimeSpan.FromSeconds(_random.Next(1, 60)) : null,
            StopIds = _random.Next(3) == 0 ? [_random.Next(50)] : [],
        };
        _clients.Add(new Client(request, _bench.Submit(request)));
    }

    private bool Turn()
    {
        foreach (Client client in _clients)
            client.IsLate = client.Sequence.State == SequenceState.Waiting && Scheduler.Waiting.IsLate(client.Sequence);
        bool ran = _bench.Engine.Turn();
        if (ran)
            Assert.IsLessThanOrEqualTo(_house.MaxTokens, _bench.Runner.Tokens);
        Assert.IsLessThanOrEqualTo(Math.Min(_house.MaxTokens, _house.MaxSequences), Scheduler.Running.Length);
        foreach (Client client in _clients)
            CountAdmissions(client);
        foreach (Client client in _clients)
            client.Seen = client.Sequence.Admissions;
        foreach (Client client in _clients.Where(client => client.HasEnded))
            client.Check(_house.Context);
        Counts.Expired += _clients.RemoveAll(client => client is { HasEnded: true, Finish: FinishReason.Expired });
        _clients.RemoveAll(client => client.HasEnded);
        return ran;
    }

    /// <summary>The queue's promise, counted from outside.</summary>
    private void CountAdmissions(Client client)
    {
        if (client.Sequence.Admissions > client.Seen)
        {
            Counts.LateAdmissions += client.IsLate ? 1 : 0;
            Counts.RanFirst += client.IsLate && client.Sequence.Urgency == int.MinValue ? 1 : 0;
        }

        if (!client.IsLate || client.Sequence.Admissions > client.Seen || client.HasEnded)
        {
            (client.EarlierOnes, client.LaterOnes) = (0, 0);
            return;
        }

        foreach (Client other in _clients)
        {
            int admissions = other.Sequence.Admissions - other.Seen;
            if (other.Sequence.Arrival < client.Sequence.Arrival)
                client.EarlierOnes += admissions;
            else
                client.LaterOnes += admissions;
        }

        Assert.IsLessThanOrEqualTo(
            (WaitingQueue.LateEvery - 1) * (client.EarlierOnes + 1), client.LaterOnes,
            $"{client.Sequence.Arrival} starves behind {client.EarlierOnes} earlier ones");
    }

    private sealed class Client(GenerationRequest request, GenerationStream stream)
    {
        private readonly List<int> _tokens = [];
        private bool _cancelled;

        public Sequence Sequence => stream.Sequence;

        public FinishReason? Finish => stream.Finish;

        public bool HasEnded => Finish is not null;

        public bool IsLate { get; set; }

        public int Seen { get; set; }

        public int EarlierOnes { get; set; }

        public int LaterOnes { get; set; }

        public void Cancel()
        {
            _cancelled = true;
            stream.Cancel();
        }

        public void Check(int context)
        {
            while (stream.TryRead(out SampledToken token))
                _tokens.Add(token.Token);
            List<int> expected = [.. FakeStepRunner.Expected(request, context).Select(t => t.Token)];
            switch (Finish)
            {
                case FinishReason.Cancelled:
                    Assert.IsTrue(_cancelled);
                    CollectionAssert.AreEqual(expected[.._tokens.Count], _tokens);
                    break;
                case FinishReason.Expired:
                    Assert.IsNotNull(request.MaxWait);
                    Assert.IsEmpty(_tokens);
                    break;
                default:
                    CollectionAssert.AreEqual(expected, _tokens);
                    break;
            }
        }
    }
}
