using System.Security.Cryptography;
using System.Text;

namespace Conversation.Data.EmbeddedPostgres;

/// <summary>Which folder belongs to which checkout, so that two checkouts never share a database.</summary>
public static class EmbeddedPostgresFolder
{
    private const string SolutionFile = "Conversation.sln";

    /// <summary>The default folder of the checkout that <paramref name="start"/> lies in.</summary>
    /// <param name="start">A folder inside the checkout; outside of any, the folder itself counts as one.</param>
    public static string ForCheckout(string start)
    {
        var checkout = Checkout(start) ?? Path.GetFullPath(start);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(checkout)));
        return Path.Combine(ServerAccount.StateFolder, hash[..12]);
    }

    /// <summary>The folder that a setting names, a relative one counted from the checkout; where none is set, the checkout's own.</summary>
    /// <param name="set">The setting, null where there is none.</param>
    /// <param name="start">A folder inside the checkout; outside of any, the folder itself counts as one.</param>
    public static string Choose(string? set, string start) =>
        set is null ? ForCheckout(start) : Path.GetFullPath(set, Checkout(start) ?? Path.GetFullPath(start));

    /// <summary>The folder of Conversation.sln at or above <paramref name="start"/>, null outside of a checkout.</summary>
    /// <param name="start">Where to begin.</param>
    public static string? Checkout(string start)
    {
        for (var folder = new DirectoryInfo(Path.GetFullPath(start)); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, SolutionFile)))
            {
                return folder.FullName;
            }
        }

        return null;
    }
}
