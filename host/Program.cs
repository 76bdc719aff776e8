return await Glm5.Host.Cli.CommandLine.RunAsync(args);
