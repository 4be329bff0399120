"""The contracts as documents for other languages: JSON Schemas with versions, and one AsyncAPI document."""
