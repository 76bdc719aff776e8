using System.Globalization;
using Spectre.Console;

namespace Glm5.Host.Cli;

/// <summary>A plan for people: every layout in a line, and where the memory of the chosen one goes.</summary>
internal static class PlanTable
{
    /// <summary>Prints it.</summary>
    public static void Draw(PlanAnswer plan)
    {
        AnsiConsole.MarkupLineInterpolated(
            $"[bold]{plan.Model}[/] [dim]{plan.Origin}[/]: {plan.TensorCount:N0} tensors, {Gigabytes(plan.TotalBytes)}");
        AnsiConsole.MarkupLineInterpolated(
            $"[bold]{plan.Device}[/] of {Gigabytes(plan.DeviceBytes)}; contexts of {plan.ContextLength:N0} tokens");
        AnsiConsole.Write(Layouts(plan));
        if (plan.Chosen is { } chosen)
        {
            AnsiConsole.Write(Parts(chosen));
            AnsiConsole.Write(Formats(plan, chosen));
        }

        if (plan.Refusal is not null)
            Console.Out.WriteLine(plan.Refusal);
        else if (plan.Chosen is { } fitting)
            Console.Out.WriteLine($"  glm5 serve {plan.Model} {fitting.Flags}");
    }

    private static Table Layouts(PlanAnswer plan)
    {
        Table table = new Table().Border(TableBorder.Rounded)
            .AddColumns("layout", "weights", "activations", "left for caches", "tokens", "longest context", "sequences", "of 8,192");
        for (int column = 1; column < 8; column++)
            table.Columns[column].RightAligned();
        foreach (PlannedLayout layout in plan.Layouts)
        {
            string name = layout.Layout;
            if (layout.WeightBytes == 0)
                table.AddRow(new Text(name), new Text("does not divide the model"));
            else
                table.AddRow(Row(name, layout, layout.Layout == plan.Chosen?.Layout));
        }

        return table;
    }

    private static IEnumerable<Text> Row(string name, PlannedLayout layout, bool isChosen)
    {
        var style = new Style(
            layout.Fits ? null : Color.Grey, decoration: isChosen ? Decoration.Bold : Decoration.None);
        string[] cells =
        [
            name, Gigabytes(layout.WeightBytes), Gigabytes(layout.ActivationBytes), Gigabytes(layout.CacheBytes),
            Count(layout.CacheTokens), Count(layout.LongestContext), layout.Fits ? Count(layout.Sequences) : "does not fit",
            Count(layout.Sequences8k),
        ];
        return cells.Select(cell => new Text(cell, style));
    }

    private static Table Parts(PlannedLayout chosen)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumns($"each rank of {chosen.Layout}", "GB");
        table.Columns[1].RightAligned();
        foreach ((string part, long bytes) in chosen.Parts.Where(part => part.Value > 0))
            table.AddRow($"weights: {part}", Plain(bytes));
        long mapped = chosen.WeightBytes - chosen.Parts.Values.Sum();
        if (mapped > 0)
            table.AddRow("weights, mapped", Plain(mapped));
        table.AddRow("activations of a step", Plain(chosen.ActivationBytes));
        if (chosen.ExchangeBytes > 0)
            table.AddRow("exchange between ranks", Plain(chosen.ExchangeBytes));
        if (chosen.HostCacheBytes > 0)
            table.AddRow("copies of blocks on the host", Plain(chosen.HostCacheBytes));
        table.AddRow($"caches, {chosen.CacheBytesPerToken:N0} bytes a token", Plain(chosen.CacheBytes));
        table.AddRow("may take in all", Plain(chosen.BudgetBytes));
        return table;
    }

    private static Table Formats(PlanAnswer plan, PlannedLayout chosen)
    {
        Table table = new Table().Border(TableBorder.Rounded)
            .AddColumns($"--kv-cache-dtype with {chosen.Layout}", "bytes a token", "tokens", "longest context", "sequences");
        for (int column = 1; column < 5; column++)
            table.Columns[column].RightAligned();
        foreach (PlannedFormat format in plan.CacheFormats)
        {
            string[] cells =
            [
                format.KvCacheDtype, Count(format.CacheBytesPerToken), Count(format.CacheTokens), Count(format.LongestContext),
                Count(format.Sequences),
            ];
            var style = new Style(decoration: format.Chosen ? Decoration.Bold : Decoration.None);
            table.AddRow(cells.Select(cell => new Text(cell, style)));
        }

        return table;
    }

    private static string Plain(long bytes) => (bytes / 1e9).ToString("N3", CultureInfo.InvariantCulture);

    private static string Gigabytes(long bytes) => $"{(bytes / 1e9).ToString("N1", CultureInfo.InvariantCulture)} GB";

    private static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
