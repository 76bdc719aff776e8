using System.Globalization;
using CsCheck;
using Glm5.Core.Constrained.Text;

namespace Glm5.Tests.Unit.Constrained;

[TestClass]
public sealed class NumberRangeTests
{
    private static readonly Gen<decimal> s_numbers = Gen.OneOf(
        Gen.Int[-130, 130].Select(n => (decimal)n), Gen.Int[-30_000, 30_000].Select(n => n / 100m),
        Gen.Int[-3_000, 3_000].Select(n => n / 1000m), Gen.Long.Select(n => n / 1_000_000m));

    [TestMethod]
    public void A_number_is_written_exactly_when_it_is_within_the_bounds() =>
        Gen.Select(s_numbers, s_numbers, s_numbers, Gen.Bool, Gen.Bool).Sample((number, one, other, noLeast, noMost) =>
        {
            var least = new NumberBound(one, noLeast);
            var most = new NumberBound(other, noMost);
            Check(number, least, most);
            Check(one, least, most);
            Check(other, least, null);
            Check(other, null, most);
        }, iter: Soak.Times(1_500), threads: 1);

    [TestMethod]
    public void Zeros_behind_the_point_change_nothing()
    {
        var automaton = NumberForms.Of(false, new NumberBound(2, false), new NumberBound(2.5m, true), []);
        foreach (string good in (string[])["2", "2.0", "2.000", "2.4", "2.4999", "2.40"])
            Assert.IsTrue(automaton.Admits(good), good);
        foreach (string bad in (string[])["1.999", "2.5", "2.50", "2.", "02", "2e0", "-2"])
            Assert.IsFalse(automaton.Admits(bad), bad);
    }

    [TestMethod]
    public void Multiples_are_told_by_their_remainder()
    {
        var automaton = NumberForms.Of(true, null, null, [6, 4]);
        for (int number = -300; number <= 300; number++)
            Assert.AreEqual(number % 12 == 0, automaton.Admits($"{number}"), $"{number}");
    }

    private static void Check(decimal number, NumberBound? least, NumberBound? most)
    {
        bool within = (least is not { } low || number > low.Value || (number == low.Value && !low.IsExcluded))
            && (most is not { } high || number < high.Value || (number == high.Value && !high.IsExcluded));
        string text = number.ToString(CultureInfo.InvariantCulture);
        Assert.AreEqual(within, NumberForms.Of(false, least, most, []).Admits(text), $"{text} in {least} {most}");
        if (decimal.IsInteger(number))
        {
            text = decimal.Truncate(number).ToString(CultureInfo.InvariantCulture);
            Assert.AreEqual(within, NumberForms.Of(true, least, most, []).Admits(text), $"{text} in {least} {most}");
        }
    }
}
