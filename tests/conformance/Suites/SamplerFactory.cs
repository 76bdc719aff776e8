using Glm5.Core.Sampling;

namespace Glm5.Tests.Conformance.Suites;

internal static class SamplerFactory
{
    public static SequenceSampler Greedy() => new Plain();
    private sealed class Plain : SequenceSampler
    {
        public override bool IsPlainArgMax => true;
        public override SampledToken Choose(Span<float> logits) => throw new InvalidOperationException();
        public override void Accept(int token) { }
    }
}
