using System.Text;
using Glm5.Core.Model;

namespace Glm5.Tests.Unit.Model;

[TestClass]
public sealed class GenerationDefaultsTests
{
    [TestMethod]
    public void Published_values_are_read()
    {
        GenerationDefaults defaults = Parse(
            """{"eos_token_id":[154820,154827,154829],"temperature":1.0,"top_p":0.95,"top_k":40,"do_sample":true,"min_p":0.1,"repetition_penalty":1.1}""");
        Assert.AreEqual((1f, 0.95f, 40, true, 0.1f, 1.1f),
            (defaults.Temperature, defaults.TopP, defaults.TopK, defaults.DoSample, defaults.MinP, defaults.RepetitionPenalty));
        Assert.HasCount(3, defaults.EosTokenIds);
        Assert.IsEmpty(defaults.Ignored);
    }

    [TestMethod]
    [DataRow("""{"temperature":-1}""", "temperature is -1")]
    [DataRow("""{"top_p":"high"}""", "top_p is \"high\"")]
    [DataRow("""{"do_sample":1}""", "do_sample is 1")]
    [DataRow("""{"eos_token_id":[1,"x"]}""", "eos_token_id[1] is \"x\"")]
    [DataRow("[]", "not a JSON object")]
    [DataRow("{", "not valid JSON")]
    public void Unusable_advice_is_left_out_and_named(string json, string expected)
    {
        GenerationDefaults defaults = Parse(json);
        StringAssert.Contains(defaults.Ignored.Single(), expected);
        Assert.IsNull(defaults.Temperature);
    }

    [TestMethod]
    public void Silence_is_no_advice() =>
        Assert.AreEqual((null, null, null), (Parse("{}").Temperature, Parse("{}").TopK, Parse("{\"top_p\":null}").TopP));

    private static GenerationDefaults Parse(string json) => GenerationDefaults.Parse(Encoding.UTF8.GetBytes(json));
}
