using Glm5.Core.Verification;

namespace Glm5.Tests.Unit.Verification;

/// <summary>Verification says what differs, and passes nothing that it should not.</summary>
[TestClass]
public sealed class ComparisonTests
{
    [TestMethod]
    public void Values_within_the_bound_of_the_largest_are_the_same()
    {
        Assert.IsNull(Comparison.Difference([10f, -2f], [10.01f, -2.01f], "x", 0.01));
        Assert.Contains("x: element 1 of 2: expected -2, got -2.2", Comparison.Difference([10f, -2f], [10f, -2.2f], "x", 0.01)!);
    }

    [TestMethod]
    [DataRow(float.NaN)]
    [DataRow(float.PositiveInfinity)]
    public void What_is_no_number_is_never_within_a_bound(float got) =>
        Assert.Contains("element 1", Comparison.Difference([1f, 1f], [1f, got], "x", 1e9)!);

    [TestMethod]
    public void Lengths_and_integers_have_to_be_equal()
    {
        Assert.Contains("expected 2 values, got 1", Comparison.Difference([1f, 2f], [1f], "x", 1)!);
        Assert.IsNull(Comparison.Difference([1, 2], [1, 2], "x"));
        Assert.Contains("expected 2, got 3", Comparison.Difference([1, 2], [1, 3], "x")!);
    }

    [TestMethod]
    public void Selections_may_differ_only_where_scores_are_close()
    {
        float[][] scores = [[5, 4, 3.999f, 1]];
        Assert.IsNull(AttentionTrace.Difference([0, 1, -1], [0, 2, -1], scores, 0.01));
        Assert.Contains("position 3", AttentionTrace.Difference([0, 1, -1], [0, 3, -1], scores, 0.01)!);
        Assert.Contains("ascending", AttentionTrace.Difference([0, 1, -1], [1, 0, -1], scores, 0.01)!);
        Assert.Contains("2 ascending positions", AttentionTrace.Difference([0, 1, -1], [0, -1, -1], scores, 0.01)!);
    }
}
