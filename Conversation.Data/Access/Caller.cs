namespace Conversation.Data.Access;

/// <summary>Who asks: every read and write of user data carries one, and the WHERE clause enforces it.</summary>
/// <param name="Principal">
/// Names the caller uniquely over both token kinds (<c>user:</c> or <c>m2m:</c> and the subject); idempotency keys are kept per principal.
/// </param>
/// <param name="Reach">
/// The only owner whose conversations are reachable, or null where all are (machine tokens, and users of a deployment
/// that authorises any valid token).
/// </param>
/// <param name="UserId">The user's id, null for a machine.</param>
public sealed record Caller(string Principal, Guid? Reach, Guid? UserId)
{
    /// <summary>The service itself: background work that reaches everything.</summary>
    public static Caller Service { get; } = new("service", null, null);
}
