from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("routing", "0005_revision_verdicts"),
    ]

    operations = [
        migrations.AddField(
            model_name="revision",
            name="trace_parent",
            field=models.CharField(blank=True, default="", max_length=55),
        ),
    ]
