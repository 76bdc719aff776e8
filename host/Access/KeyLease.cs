namespace Glm5.Host.Access;

/// <summary>One request of a key: its place, and what its tokens are charged to. Kept among the request's features.</summary>
internal sealed class KeyLease(ApiKey key, KeyAccount account) : IDisposable
{
    private int _left;

    /// <summary>Whose it is.</summary>
    public ApiKey Key => key;

    /// <summary>What the key uses.</summary>
    public KeyAccount Account => account;

    /// <summary>The lease of a request; null where the server asks for no key.</summary>
    public static KeyLease? Of(HttpContext http) => http.Features.Get<KeyLease>();

    /// <summary>Gives the place back, once.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _left, 1) == 0)
            account.Leave();
    }
}
