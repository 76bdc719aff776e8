namespace Glm5.Host.Api;

/// <summary>Clients that go away before their answer has ended: no error of anybody's.</summary>
internal static class Disconnection
{
    /// <summary>True when an exception says no more than that the client has gone.</summary>
    public static bool Explains(HttpContext http, Exception exception) =>
        exception is ClientGoneException
            || (exception is OperationCanceledException or IOException && http.RequestAborted.IsCancellationRequested);
}

/// <summary>The connection was found closed when something was to be sent, perhaps before the server says so.</summary>
internal sealed class ClientGoneException() : OperationCanceledException("the client has gone");
