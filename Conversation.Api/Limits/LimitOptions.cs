namespace Conversation.Api.Limits;

/// <summary>How much one client may ask for; 0 for no limit.</summary>
internal sealed record LimitOptions
{
    /// <summary>Requests a minute and principal. Default 1200.</summary>
    public int RequestsPerMinute { get; init; } = 1200;

    /// <summary>Requests a minute and address. Default 0.</summary>
    public int RequestsPerMinuteAndAddress { get; init; }

    /// <summary>Open streams of one principal on this node. Default 100.</summary>
    public int ConnectionsPerPrincipal { get; init; } = 100;

    /// <summary>Conversations that one hub connection follows. Default 100.</summary>
    public int FollowedPerConnection { get; init; } = 100;
}
