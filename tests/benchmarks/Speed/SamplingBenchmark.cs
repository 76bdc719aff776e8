using BenchmarkDotNet.Attributes;
using Glm5.Core;
using Glm5.Core.Sampling;

namespace Glm5.Benchmarks.Speed;

/// <summary>Choosing one token from GLM-5's vocabulary of 154,880, the copy of the row included.</summary>
[MemoryDiagnoser]
public class SamplingBenchmark
{
    private const int Vocabulary = 154_880;

    private readonly float[] _logits = new float[Vocabulary], _row = new float[Vocabulary];
    private SequenceSampler _sampler = null!;

    /// <summary>What is asked for.</summary>
    [Params(
        "greedy, biased", "temperature 1", "top-p 0.95", "top-p 0.95, flat", "top-k 40", "min-p 0.05",
        "top-k 40, top-p 0.95, logprobs 20")]
    public string Wish { get; set; } = "";

    /// <summary>
    /// Logits as a model has them: a bell of noise, and some that stand out and weigh more than all of it; or, flat,
    /// the noise alone.
    /// </summary>
    [GlobalSetup]
    public void Fill()
    {
        bool flat = Wish.EndsWith("flat", StringComparison.Ordinal);
        for (int id = 0; id < Vocabulary; id++)
        {
            double sum = 0;
            for (int part = 0; part < 6; part++)
                sum += KeyedRandom.Unit(part, id, DrawPurpose.Token) - 0.5;
            _logits[id] = (float)sum * (flat ? 0.1f : 2.5f);
        }

        for (int best = 0; best < 30 && !flat; best++)
            _logits[best * 5000] += 20 * (30 - best) / 30f;
        var request = new GenerationRequest { Prompt = [0], Sampling = Parameters() };
        _sampler = new SequenceSampler(request, 1, TokenMask.Nothing, new SamplingScratch(Vocabulary));
    }

    /// <summary>One token.</summary>
    [Benchmark]
    public int Choose()
    {
        _logits.CopyTo(_row, 0);
        int token = _sampler.Choose(_row).Token;
        _sampler.Accept(token);
        return token;
    }

    private SamplingParameters Parameters() => Wish switch
    {
        "greedy, biased" => new() { Temperature = 0, LogitBias = new Dictionary<int, float> { [5] = 1 } },
        "temperature 1" => new(),
        "top-p 0.95" or "top-p 0.95, flat" => new() { TopP = 0.95f },
        "top-k 40" => new() { TopK = 40 },
        "min-p 0.05" => new() { MinP = 0.05f },
        _ => new() { TopK = 40, TopP = 0.95f, LogProbs = 20 },
    };
}
