from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("routing", "0003_resource_expires_at"),)

    operations = (
        migrations.AddField(
            model_name="revision",
            name="trial",
            field=models.JSONField(default=dict),
        ),
        migrations.AlterField(
            model_name="revision",
            name="state",
            field=models.CharField(
                choices=[
                    ("accepted", "accepted"),
                    ("tried", "tried"),
                    ("pushed", "pushed"),
                    ("converged", "converged"),
                    ("partial", "partial"),
                    ("rejected", "rejected"),
                    ("superseded", "superseded"),
                ],
                default="accepted",
                max_length=16,
            ),
        ),
    )
