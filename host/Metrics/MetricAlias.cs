using System.Globalization;
using System.Text;

namespace Glm5.Host.Metrics;

/// <summary>A metric of ours under the name that another server gives it.</summary>
/// <param name="Name">The other name.</param>
internal abstract record MetricAlias(string Name)
{
    /// <summary>Where it comes from, in a line of the documentation.</summary>
    public abstract string Here { get; }

    /// <summary>Metrics of ours that it is made of.</summary>
    public abstract IEnumerable<string> Sources { get; }

    /// <summary>Writes it as far as its sources are there; labels stand in every line.</summary>
    public abstract void Write(ExportedMetrics ours, string labels, StringBuilder text);

    protected void Head(StringBuilder text, string kind, string help) =>
        text.Append("# TYPE ").Append(Name).Append(' ').Append(kind).Append('\n')
            .Append("# HELP ").Append(Name).Append(' ').Append(help).Append('\n');

    protected void Line(
        StringBuilder text, string suffix, string labels, IEnumerable<KeyValuePair<string, string>> more, string value)
    {
        text.Append(Name).Append(suffix).Append('{').Append(labels);
        string comma = labels.Length > 0 ? "," : "";
        foreach ((string label, string content) in more)
        {
            text.Append(comma).Append(label).Append("=\"").Append(content).Append('"');
            comma = ",";
        }

        text.Append("} ").Append(value).Append('\n');
    }

    protected static double Number(string value) => double.Parse(value, CultureInfo.InvariantCulture);

    protected static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}

/// <summary>The same figures, perhaps in another unit.</summary>
/// <param name="Of">Ours.</param>
/// <param name="Scale">Theirs for one of ours.</param>
internal sealed record CopiedMetric(string Name, string Of, double Scale = 1) : MetricAlias(Name)
{
    /// <inheritdoc/>
    public override string Here => Scale == 1 ? $"`{Of}`" : $"`{Of}` x {Scale:R}";

    /// <inheritdoc/>
    public override IEnumerable<string> Sources => [Of];

    /// <inheritdoc/>
    public override void Write(ExportedMetrics ours, string labels, StringBuilder text)
    {
        if (ours.Find(Of) is not { } family)
            return;
        Head(text, family.Kind, family.Help);
        foreach (Sample sample in family.Samples)
        {
            bool scales = Scale != 1 && sample.Suffix is not ("_bucket" or "_count");
            Line(
                text, sample.Suffix, labels, Scale == 1 ? sample.Labels : sample.Labels.Select(ScaleBound),
                scales ? Text(Number(sample.Value) * Scale) : sample.Value);
        }
    }

    private KeyValuePair<string, string> ScaleBound(KeyValuePair<string, string> label) =>
        label is { Key: "le", Value: not "+Inf" } ? new("le", Text(Number(label.Value) * Scale)) : label;
}

/// <summary>Some lines of a counter with another label, added up where several become one.</summary>
/// <param name="Of">Ours.</param>
/// <param name="Label">Our label.</param>
/// <param name="Theirs">Their label for it.</param>
/// <param name="Map">Their value for ours.</param>
/// <param name="Says">What <paramref name="Map"/> does, in words.</param>
internal sealed record RelabelledMetric(
    string Name, string Of, string Label, string Theirs, Func<string, string> Map, string Says) : MetricAlias(Name)
{
    /// <inheritdoc/>
    public override string Here => $"`{Of}`, by `{Theirs}`{Says}";

    /// <inheritdoc/>
    public override IEnumerable<string> Sources => [Of];

    /// <inheritdoc/>
    public override void Write(ExportedMetrics ours, string labels, StringBuilder text)
    {
        if (ours.Find(Of) is not { } family)
            return;
        Head(text, family.Kind, family.Help);
        foreach (IGrouping<string, Sample> same in family.Samples.GroupBy(sample => Map(sample.Label(Label) ?? "")))
            Line(text, "", labels, [new(Theirs, same.Key)], Text(same.Sum(sample => Number(sample.Value))));
    }
}

/// <summary>Lines of a metric that are added up.</summary>
/// <param name="Of">Ours; with <c>_count</c> or <c>_sum</c> behind it for those lines of a histogram.</param>
/// <param name="Label">Only lines with this label; null for all.</param>
/// <param name="Value">Its value.</param>
internal readonly record struct Figure(string Of, string? Label = null, string? Value = null)
{
    private string Suffix => Of.EndsWith("_count", StringComparison.Ordinal) ? "_count"
        : Of.EndsWith("_sum", StringComparison.Ordinal) ? "_sum" : "";

    /// <summary>The metric that has the lines.</summary>
    public string Source => Of[..^Suffix.Length];

    /// <summary>In a line of the documentation.</summary>
    public override string ToString() => Label is null ? $"`{Of}`" : $"`{Of}` of {Label} {Value}";

    /// <summary>The sum; null while nothing was measured.</summary>
    public double? SumIn(ExportedMetrics ours)
    {
        if (ours.Find(Source) is not { } family)
            return null;
        double sum = 0;
        foreach (Sample sample in family.Samples)
        {
            if (sample.Suffix == Suffix && (Label is null || sample.Label(Label) == Value))
                sum += double.Parse(sample.Value, CultureInfo.InvariantCulture);
        }

        return sum;
    }
}

/// <summary>One figure, or a share of another.</summary>
/// <param name="Kind"><c>counter</c> or <c>gauge</c>.</param>
/// <param name="Help">What it tells.</param>
/// <param name="Part">The figure, or the sum of several.</param>
/// <param name="Whole">What the part is divided by; null for nothing.</param>
internal sealed record ComputedMetric(string Name, string Kind, string Help, Figure[] Part, Figure? Whole = null)
    : MetricAlias(Name)
{
    /// <inheritdoc/>
    public override string Here
    {
        get
        {
            string part = string.Join(" + ", Part);
            return Whole is null ? part : Part.Length > 1 ? $"({part}) / {Whole}" : $"{part} / {Whole}";
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Sources => Part.Concat(Whole is { } whole ? [whole] : []).Select(figure => figure.Source);

    /// <inheritdoc/>
    public override void Write(ExportedMetrics ours, string labels, StringBuilder text)
    {
        double value = 0;
        foreach (Figure figure in Part)
            value += figure.SumIn(ours) ?? 0;
        if (Whole is { } whole)
            value = whole.SumIn(ours) is > 0 and var all ? value / all : 0;
        Head(text, Kind, Help);
        Line(text, "", labels, [], Text(value));
    }
}
