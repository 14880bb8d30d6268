namespace Conversation.Migrations.Configuration;

/// <summary>Which environment variable sets a property of a settings record.</summary>
/// <param name="name">The variable.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class VariableAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}
