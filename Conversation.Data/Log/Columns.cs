using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace Conversation.Data.Log;

/// <summary>Turns a batch of writes into the array parameters of one statement, in the order in which they are added.</summary>
internal sealed class Columns<TWrite>(TWrite[] writes)
{
    private readonly List<NpgsqlParameter> _parameters = [];

    public IReadOnlyList<TWrite> Writes => writes;

    public Columns<TWrite> Add<T>(Func<TWrite, T> select) => Add(Array.ConvertAll(writes, write => select(write)));

    public Columns<TWrite> Add<T>(T[] values)
    {
        _parameters.Add(new NpgsqlParameter<T[]> { TypedValue = values });
        return this;
    }

    public NpgsqlBatchCommand ToCommand([ConstantExpected] string sql)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in _parameters)
        {
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
