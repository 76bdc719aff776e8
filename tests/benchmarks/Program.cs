using System.CommandLine;
using Glm5.Benchmarks.Commands;

RootCommand root = new("Measures Glm5.Hw. Read README.md beside this project before quoting a figure.")
{
    MakeModelCommand.Create(),
    BandwidthCommand.Create(),
    SpeedCommand.Create(),
    DepthCommand.Create(),
    SpeculationCommand.Create(),
    RanksCommand.Create(),
    CompareCommand.Create(),
    TokenizerCommand.Create(),
    MasksCommand.Create(),
    FrontEndCommand.Create(),
    LoadClientCommand.Create(),
    MicroCommand.Create(),
};
return root.Parse(args).Invoke();
