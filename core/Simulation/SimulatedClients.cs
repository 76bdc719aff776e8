using Glm5.Core.Sampling;

namespace Glm5.Core.Simulation;

/// <summary>
/// Everybody who sends requests of a workload: sends what is due, reads tokens when they are published, and remembers how
/// long each waited.
/// </summary>
internal sealed class SimulatedClients(Engine engine, Workload workload, int vocabulary)
{
    private readonly List<Client> _live = [];
    private int _sent;
    private double _nextArrival = workload.Gap(0), _lastEnd;
    private long _reads, _tokensRead;

    /// <summary>Requests under way.</summary>
    public int Live => _live.Count;

    /// <summary>Requests answered.</summary>
    public int Done { get; private set; }

    /// <summary>Tokens of all prompts sent.</summary>
    public long InputTokens { get; private set; }

    /// <summary>Tokens of all answers.</summary>
    public long OutputTokens { get; private set; }

    /// <summary>When the first request came.</summary>
    public double FirstArrival { get; } = workload.Gap(0);

    /// <summary>Seconds to each request's first token.</summary>
    public List<double> FirstTokens { get; } = [];

    /// <summary>Mean seconds of a token behind the first, of each answer that has some.</summary>
    public List<double> OtherTokens { get; } = [];

    /// <summary>Seconds to each request's last token.</summary>
    public List<double> Whole { get; } = [];

    /// <summary>Tokens that came at once, mean, first tokens not counted.</summary>
    public double TokensPerStep => _reads == 0 ? 0 : (double)_tokensRead / _reads;

    /// <summary>When the next request comes by itself; null when none is left or the next waits for an answer.</summary>
    public double? NextArrival => _sent < workload.Requests && HasPlace ? _nextArrival : null;

    private bool HasPlace => workload.Concurrency == 0 || _live.Count < workload.Concurrency;

    /// <summary>Sends every request that has come by now.</summary>
    public void SendDue(double now)
    {
        while (NextArrival is { } arrival && arrival <= now)
        {
            GenerationRequest request = workload.Request(_sent, vocabulary);
            // One that waited for a place came when that place was free.
            double came = workload.Concurrency == 0 ? arrival : Math.Max(arrival, _lastEnd);
            _live.Add(new Client((GenerationStream)engine.Submit(request), came));
            InputTokens += request.Prompt.Length;
            if (++_sent < workload.Requests)
                _nextArrival += workload.Gap(_sent);
        }
    }

    /// <summary>Reads what was published at that moment.</summary>
    public void Read(double now)
    {
        int kept = 0;
        for (int i = 0; i < _live.Count; i++)
        {
            Client client = _live[i];
            Read(client, now);
            if (client.Stream.Finish is null)
                _live[kept++] = client;
            else
                End(client, now);
        }

        _live.RemoveRange(kept, _live.Count - kept);
    }

    private void Read(Client client, double now)
    {
        int count = 0;
        while (client.Stream.TryRead(out SampledToken _))
            count++;
        if (count == 0)
            return;
        if (client.Tokens == 0)
        {
            client.FirstAt = now;
            FirstTokens.Add(now - client.Came);
        }
        else
        {
            _reads++;
            _tokensRead += count;
        }

        client.Tokens += count;
    }

    private void End(Client client, double now)
    {
        Done++;
        _lastEnd = now;
        OutputTokens += client.Tokens;
        Whole.Add(now - client.Came);
        if (client.Tokens > 1)
            OtherTokens.Add((now - client.FirstAt) / (client.Tokens - 1));
    }

    /// <summary>One request under way.</summary>
    private sealed class Client(GenerationStream stream, double came)
    {
        public GenerationStream Stream => stream;

        public double Came => came;

        public double FirstAt { get; set; }

        public int Tokens { get; set; }
    }
}
